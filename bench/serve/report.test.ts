import { expect, it } from 'vitest'
import { reportLines } from './report.js'

it('the report tells what each server did, and ours over the others', () => {
  const interval = { low: 19, high: 23 }
  const row = { clients: 2, setting: 'K=4', tokensPerSecond: 21, interval, firstMs: 340, short: 0 }
  const text = reportLines({
    about: ['target  a model'],
    rows: [
      { ...row, role: 'on', setting: 'as it comes', short: 2 },
      { ...row, role: 'best' },
    ],
    ratios: [{ clients: 2, over: 'best', ratio: 1.125, interval: { low: 1.05, high: 1.2 } }],
  }).join('\n')
  expect(text).toMatch(/ 2 +foretoken +21\.0 +19\.0-23\.0 +340 ms +as it comes\n +llama-server, its best +21\.0 .* K=4/)
  expect(text).toMatch(/clients +llama-server, its best\n.*\n +2 +1\.13x \(1\.05-1\.20x\)/)
  expect(text).toContain('2 answers ended of themselves')
})
