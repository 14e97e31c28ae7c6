import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { draftModel, fixedLength, generate } from '@foretoken/core'
import { expect, it } from 'vitest'
import { loadModel } from './index.js'
import { draftPath, targetPath } from './test-models.js'

const full = process.env.FORETOKEN_FULL === '1'
/** The first runs fill what stays: code, allocator arenas, thread stacks. */
const [runs, settled, mostGrowth] = full ? [100, 30, 10e6] : [10, 4, 20e6]

it(
  `${runs} runs of load, generate, abort midway, generate, dispose leave memory flat`,
  async () => {
    const collectGarbage = garbageCollector()
    const sizes: number[] = []
    for (let run = 0; run < runs; run++) {
      await liveOnce()
      collectGarbage()
      sizes.push(process.memoryUsage.rss())
    }
    // The smallest of the last few: what is not yet given back is no leak.
    const grown = Math.min(...sizes.slice(-3)) - Math.min(...sizes.slice(settled - 1, settled + 2))
    expect(grown, sizes.map((size) => Math.round(size / 1e6)).join(' ')).toBeLessThan(mostGrowth)
  },
  full ? 1_800_000 : 120_000,
)

async function liveOnce(): Promise<void> {
  const options = { gpu: false, contextSize: 512, onWarning: () => {} } as const
  const target = await loadModel({ ...options, path: targetPath })
  const draft = await loadModel({ ...options, path: draftPath })
  const strategy = draftModel({ model: draft })
  const length = fixedLength(4)
  const request = { model: target, strategy, length, prompt: 'function add(a, b) {', maxTokens: 30, seed: 1 }
  await generate({ ...request, temperature: 0.8 }).result()

  const controller = new AbortController()
  let heard = 0
  const aborted = async () => {
    for await (const event of generate({ ...request, signal: controller.signal })) {
      if (event.type === 'token' && ++heard === 10) controller.abort()
    }
  }
  await expect(aborted()).rejects.toThrow('aborted')
  await generate(request).result()
  await draft.dispose()
  await target.dispose()
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
}
