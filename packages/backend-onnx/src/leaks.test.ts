import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { draftModel, fixedLength, generate } from '@foretoken/core'
import { expect, it } from 'vitest'
import { openDemo } from './test-models.js'

const full = process.env.FORETOKEN_FULL === '1'
const collectGarbage = garbageCollector()

it(
  'generations leave memory flat',
  async () => {
    const [runs, settled] = full ? [1000, 100] : [40, 10]
    const options = { contextSize: 512, calibrate: false } as const
    const target = await openDemo('target', options)
    const draft = await openDemo('draft', options)
    const request = { model: target, strategy: draftModel({ model: draft }), length: fixedLength(4), maxTokens: 24 }
    const sizes = await sizesOver(runs, () =>
      generate({ ...request, prompt: 'function add(a, b) {', seed: 1 }).result(),
    )
    await target.dispose()
    await draft.dispose()
    mustBeFlat(sizes, settled, 20e6)
  },
  full ? 1_800_000 : 60_000,
)

it(
  'loads leave memory flat',
  async () => {
    const [runs, settled] = full ? [100, 30] : [10, 5]
    const sizes = await sizesOver(runs, async () => {
      const model = await openDemo('target', { contextSize: 512, calibrate: false })
      await generate({ model, prompt: 'describe(', maxTokens: 4 }).result()
      await model.dispose()
    })
    mustBeFlat(sizes, settled, 40e6)
  },
  full ? 1_800_000 : 60_000,
)

async function sizesOver(runs: number, run: () => Promise<unknown>): Promise<number[]> {
  const sizes: number[] = []
  for (let i = 0; i < runs; i++) {
    await run()
    collectGarbage()
    sizes.push(process.memoryUsage.rss())
  }
  return sizes
}

/** @param settled After so many runs, code and arenas that stay are there. */
function mustBeFlat(sizes: readonly number[], settled: number, most: number): void {
  // The smallest of the last few: what is not yet given back is no leak.
  const grown = Math.min(...sizes.slice(-3)) - Math.min(...sizes.slice(settled - 1, settled + 2))
  expect(grown, sizes.map((size) => Math.round(size / 1e6)).join(' ')).toBeLessThan(most)
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
