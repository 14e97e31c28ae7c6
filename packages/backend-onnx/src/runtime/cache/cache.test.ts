import * as ort from 'onnxruntime-node'
import type { Tensor } from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import type { Cache, CacheLayout, Rollback, Tensors } from './cache.js'
import { DeltaCache } from './delta.js'
import { GrowingCache } from './growing.js'

const layout: CacheLayout = {
  pairs: [
    { past: 'past.key', present: 'present.key' },
    { past: 'past.value', present: 'present.value' },
  ],
  type: 'float32',
  heads: 2,
  headSize: 3,
}

/** What an attention does with a cache, with tokens in place of vectors. @returns What it looks at. */
function pass(cache: Cache, tokens: readonly number[], rollback: Rollback, delta: boolean): number[] {
  const feeds = cache.feeds(tokens.length)
  const mask = Array.from(feeds['attention_mask']!.data as BigInt64Array, Number)
  const past = feeds['past.key']!
  const rows = past.dims[2]!
  const held = mask.length - tokens.length
  // By number, what counts comes first and may be followed by more; else all rows have their place in the mask.
  if (rollback === 'number') expect(held).toBeLessThanOrEqual(rows)
  else expect(held).toBe(rows)
  if (rollback !== 'mask') expect(mask.every((bit) => bit === 1)).toBe(true)
  const outputs = present(feeds, tokens, rollback === 'number' ? held : rows, delta)
  const seen = readRows(past, (row) => row < held && mask[row] === 1)
  expect(Array.from(feeds['position_ids']!.data as BigInt64Array, Number)).toEqual(
    tokens.map((_, i) => seen.length + i),
  )
  cache.take(outputs, tokens.length)
  return [...seen, ...tokens]
}

/** The tokens of all rows. Each head has its own: 1000 more for the second. */
function readRows(tensor: Tensor, counts: (row: number) => boolean): number[] {
  const [, , rows, size] = tensor.dims as [number, number, number, number]
  const data = tensor.data as Float32Array
  const live = Array.from({ length: rows }, (_, row) => row).filter(counts)
  const [first, second] = [0, 1].map((head) => live.map((row) => data[(head * rows + row) * size]! - 1000 * head))
  expect(second).toEqual(first)
  return first!
}

function present(feeds: Tensors, tokens: readonly number[], at: number, delta: boolean): Tensors {
  const outputs = layout.pairs.map(({ past: name, present: output }) => {
    const past = feeds[name]!
    const before = past.dims[2]!
    const total = delta ? tokens.length : Math.max(before, at + tokens.length)
    const data = new Float32Array(layout.heads * total * layout.headSize).fill(-1)
    for (let head = 0; head < layout.heads; head++) {
      const start = head * total * layout.headSize
      const size = before * layout.headSize
      if (!delta) data.set((past.data as Float32Array).subarray(head * size, (head + 1) * size), start)
      tokens.forEach((token, index) => {
        const row = (delta ? 0 : at) + index
        data.fill(token + 1000 * head, start + row * layout.headSize, start + (row + 1) * layout.headSize)
      })
    }
    return [output, new ort.Tensor('float32', data, [1, layout.heads, total, layout.headSize])] as const
  })
  return Object.fromEntries(outputs)
}

/** Numbers in [0, 1), the same at each run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe.each([
  ['growing', GrowingCache],
  ['delta', DeltaCache],
] as const)('a %s cache', (name, Kind) => {
  it.each(['number', 'mask', 'slice'] as const)('shows the attention what counts: by %s', (rollback) => {
    const random = seeded(7)
    const upTo = (most: number): number => Math.floor(random() * (most + 1))
    let texts: { cache: Cache; text: number[] }[] = [{ cache: new Kind(ort, layout, rollback), text: [] }]
    for (let step = 0; step < 600; step++) {
      const index = upTo(texts.length - 1)
      const { cache, text } = texts[index]!
      const deed = random()
      if (deed < 0.1) texts = [...texts.slice(-2), { cache: cache.fork(), text: [...text] }]
      else if (deed < 0.5) {
        const length = deed < 0.15 ? upTo(text.length) : Math.max(0, text.length - upTo(9))
        cache.truncate(length)
        text.length = length
      } else {
        const tokens = Array.from({ length: 1 + upTo(deed < 0.53 ? 150 : 11) }, () => upTo(999))
        text.push(...tokens)
        expect(pass(cache, tokens, rollback, name === 'delta')).toEqual(text)
      }
      expect(cache.length).toBe(text.length)
    }
    expect(Math.max(...texts.map(({ text }) => text.length))).toBeGreaterThan(100)
  })
})
