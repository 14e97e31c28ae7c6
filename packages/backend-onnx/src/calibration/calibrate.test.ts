import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LanguageModel } from '@foretoken/core'
import { ToyModel } from '@foretoken/core/testing'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { calibrate } from './calibrate.js'
import { calibrationKey } from './store.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-onnx-calibration-'))
  vi.stubEnv('XDG_CACHE_HOME', folder)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** A model whose clock we are. */
function clocked(passMs: (tokens: number) => number) {
  let now = 0
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const widths: number[] = []
  const toy = new ToyModel({ next: () => [0.25, 0.25, 0.25, 0.25] })
  const model: LanguageModel = {
    ...toy,
    createSequence: async () => {
      const sequence = await toy.createSequence()
      const forward = sequence.forward.bind(sequence)
      return Object.assign(sequence, {
        forward: (...[tokens, options]: Parameters<typeof forward>) => {
          now += passMs(tokens.length)
          widths.push(tokens.length)
          return forward(tokens, options)
        },
      })
    },
    dispose: () => toy.dispose(),
  }
  return { model, widths, elapsed: () => now, open: () => toy.open }
}
afterEach(() => void vi.restoreAllMocks())

const key = { file: 'a.onnx', threads: 2 }
const linear = (tokens: number): number => 8 + 2 * tokens

describe('the pass curve', () => {
  it('is measured, kept, and only looked over by the next load', async () => {
    const first = clocked(linear)
    const curve = await calibrate(first.model, key, { fresh: false })
    expect(curve).toEqual([1, 2, 3, 4, 5, 6, 8, 12, 16].map((tokens) => ({ tokens, ms: linear(tokens) })))
    expect(first.open()).toBe(0)

    const second = clocked((tokens) => 1.3 * linear(tokens))
    expect(await calibrate(second.model, key, { fresh: false })).toEqual(curve)
    expect(second.widths).toEqual([1])
    expect(second.open()).toBe(0)
    const fresh = await calibrate(second.model, key, { fresh: true })
    expect(fresh[0]!.ms).toBeCloseTo(13)
  })

  it.each([0.5, 2])('is measured again when passes take %f as long', async (factor) => {
    const curve = await calibrate(clocked(linear).model, key, { fresh: false })
    const other = await calibrate(clocked((tokens) => factor * linear(tokens)).model, key, { fresh: false })
    expect(other).toEqual(curve.map(({ tokens, ms }) => ({ tokens, ms: factor * ms })))
  })

  it('is not given up for one look at a busy machine', async () => {
    const curve = await calibrate(clocked(linear).model, key, { fresh: false })
    let passes = 0
    const busy = clocked((tokens) => (++passes < 3 ? 4 : 1) * linear(tokens))
    expect(await calibrate(busy.model, key, { fresh: false })).toEqual(curve)
  })

  it('costs few passes where they take long', async () => {
    const slow = clocked((tokens) => 900 * linear(tokens))
    const curve = await calibrate(slow.model, key, { fresh: false })
    expect(curve.map(({ tokens }) => tokens)).toEqual([1, 2])
    const later = clocked((tokens) => 950 * linear(tokens))
    expect(await calibrate(later.model, key, { fresh: false })).toEqual(curve)
    expect(later.widths).toEqual([1])
  })

  it('is that of a model that runs alike', async () => {
    await calibrate(clocked(linear).model, key, { fresh: false })
    const other = clocked(linear)
    await calibrate(other.model, { ...key, threads: 1 }, { fresh: false })
    expect(other.widths.length).toBeGreaterThan(9)
  })

  it('is measured again when what was kept is damaged', async () => {
    const curve = await calibrate(clocked(linear).model, key, { fresh: false })
    const kept = join(folder, 'foretoken', 'calibration')
    const [name] = await readdir(kept)
    const text = await readFile(join(kept, name!), 'utf8')
    for (const damaged of [text.slice(0, -9), '7', text.replace('"ms": 10', '"ms": -1'), text.replace('a.onnx', 'b')]) {
      expect(damaged).not.toBe(text)
      await writeFile(join(kept, name!), damaged)
      const again = clocked(linear)
      expect(await calibrate(again.model, key, { fresh: false })).toEqual(curve)
      expect(again.widths.length).toBeGreaterThan(1)
    }
  })

  it('is measured all the same where nothing can be kept', async () => {
    await writeFile(join(folder, 'foretoken'), '')
    expect(await calibrate(clocked(linear).model, key, { fresh: false })).toHaveLength(9)
  })
})

it('the key changes with the file, and with how it is run', async () => {
  const file = join(folder, 'model.onnx')
  await writeFile(file, 'a')
  const one = await calibrationKey(file, { threads: 1 })
  expect(await calibrationKey(file, { threads: 1 })).toEqual(one)
  expect(await calibrationKey(file, { threads: 2 })).not.toEqual(one)
  await writeFile(file, 'ab')
  expect(await calibrationKey(file, { threads: 1 })).not.toEqual(one)
})
