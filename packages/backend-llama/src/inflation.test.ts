import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LanguageModel, TokenId } from '@foretoken/core'
import { draft, inflate, type InflateOptions, target } from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from './load.js'

const text =
  'export async function load(path, options = {}) {\n  const text = await readFile(path)\n  for (const line of '
const steps = 60
/** Wide enough that every part of the small models has new neighbours; quick to write and to run. */
const small = { hidden: 512, layers: 10, feedForward: 1024, heads: 8, kvHeads: 2 }

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foretoken-inflation-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** The row of logits after the text, and after each of `tokens`; one token at a time, as a plain decode runs. */
async function rowsAlong(model: LanguageModel, tokens: readonly TokenId[] | undefined): Promise<Float32Array[]> {
  const sequence = await model.createSequence()
  const rows = [Float32Array.from((await sequence.forward(model.tokenizer.encode(text))).row(0))]
  while (rows.length <= steps) {
    const token = tokens ? tokens[rows.length - 1]! : argmax(rows.at(-1)!)
    rows.push(Float32Array.from((await sequence.forward([token])).row(0)))
  }
  await sequence.dispose()
  return rows
}

function argmax(row: Float32Array): number {
  return row.reduce((best, logit, token) => (logit > row[best]! ? token : best), 0)
}

/** Runs the small model, then the inflated one over the same tokens. */
async function compare(options: Omit<InflateOptions, 'destination'>) {
  const destination = join(directory, 'inflated.gguf')
  const { exact } = await inflate({ ...options, destination })
  const run = async (path: string, tokens?: readonly TokenId[]): Promise<Float32Array[]> => {
    const model = await loadModel({ path, gpu: false, threads: 1, contextSize: 256 })
    try {
      return await rowsAlong(model, tokens)
    } finally {
      await model.dispose()
    }
  }
  const expected = await run(options.source)
  const greedy = expected.map(argmax)
  const found = await run(destination, greedy)
  let largest = 0
  /** By how much the small model preferred its token, where the inflated one prefers another. */
  let margin = 0
  expected.forEach((row, step) => {
    row.forEach((logit, token) => (largest = Math.max(largest, Math.abs(logit - found[step]![token]!))))
    margin = Math.max(margin, row[greedy[step]!]! - row[argmax(found[step]!)]!)
  })
  await rm(destination)
  return { exact, largest, margin }
}

/** The model in `type`, at its own size. */
async function converted(
  source: string,
  sizes: InflateOptions['shape'],
  type: 'F32' | 'Q8_0' | 'Q4_0',
): Promise<string> {
  const destination = join(directory, `${type}.gguf`)
  await inflate({ source, destination, shape: sizes, type })
  return destination
}

describe('an inflated model gives the logits of the small one', () => {
  const own = { hidden: 192, layers: 8, feedForward: 512, heads: 3, kvHeads: 1 }

  it('in F32', async () => {
    const { largest, margin } = await compare({
      source: await converted(target, own, 'F32'),
      shape: small,
      type: 'F32',
    })
    // What the cache's F16 makes of differences in the last bit of single precision.
    expect(largest).toBeLessThan(0.01)
    expect(margin).toBeLessThan(0.01)
  })

  it('in F16, as the target is', async () => {
    const { exact, largest, margin } = await compare({ source: target, shape: small, type: 'F16' })
    expect(exact).toBe(true)
    expect(largest).toBeLessThan(0.03)
    expect(margin).toBeLessThan(0.03)
  })

  it('bit for bit in Q8_0 and Q4_0, where the norms are scaled by a power of two', async () => {
    for (const source of [await converted(target, own, 'Q8_0'), await converted(target, own, 'Q4_0'), draft]) {
      const type = source.includes('Q8_0') ? 'Q8_0' : 'Q4_0'
      const { exact, largest } = await compare({ source, shape: { ...small, hidden: 4 * own.hidden }, type })
      expect(exact).toBe(true)
      expect(largest).toBe(0)
    }
  })

  it('within the rounding of activations to 8 bits in Q4_0, as the draft is, at any width', async () => {
    const { exact, largest, margin } = await compare({ source: draft, shape: small, type: 'Q4_0' })
    expect(exact).toBe(true)
    expect(largest).toBeLessThan(0.6)
    expect(margin).toBeLessThan(0.3)
  })

  it.runIf(process.env.FORETOKEN_FULL)('at 350m', async () => {
    const { largest, margin } = await compare({ source: target, shape: '350m', type: 'F16' })
    expect(largest).toBeLessThan(0.03)
    expect(margin).toBeLessThan(0.03)
  })
})
