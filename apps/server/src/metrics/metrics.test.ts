import type { LengthReport, Round } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import type { RunReport } from '../engine/observer.js'
import { engineMetrics } from './metrics.js'

function round(drafted: number, accepted: number, totalMs: number): Round {
  const tokens = Array.from({ length: drafted }, () => 1)
  return { draft: { tokens }, verdict: { accepted, next: 2 }, draftMs: 0, passMs: totalMs, pass: undefined, totalMs }
}

function ended(more: Partial<RunReport>): RunReport {
  return { strategy: 'model', outcome: 'end', tokens: 0, decodeMs: 0, length: undefined, ...more }
}

async function read(metrics: ReturnType<typeof engineMetrics>): Promise<Record<string, number>> {
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line && !line.startsWith('#'))
  return Object.fromEntries(lines.map((line) => [line.replace(/ [^ ]*$/, ''), Number(line.split(' ').at(-1))]))
}

describe('engineMetrics', () => {
  it('counts drafts by place: alpha is accepted over judged', async () => {
    const metrics = engineMetrics()
    for (const accepted of [0, 2, 3]) metrics.observer.round('model', round(3, accepted, 10))
    metrics.observer.round('none', round(0, 0, 10))
    const at = (what: string, place: number) => `foretoken_${what}_tokens_total{strategy="model",position="${place}"}`
    const values = await read(metrics)
    expect([1, 2, 3].map((place) => values[at('drafted', place)])).toEqual([3, 3, 3])
    expect([1, 2, 3].map((place) => values[at('judged', place)])).toEqual([3, 2, 2])
    expect([1, 2, 3].map((place) => values[at('accepted', place)])).toEqual([2, 2, 1])
    expect(values).toMatchObject({
      'foretoken_tokens_total{strategy="model"}': 8,
      'foretoken_passes_total{strategy="model"}': 3,
      'foretoken_tau{strategy="model"}': 8 / 3,
      'foretoken_tokens_total{strategy="none"}': 1,
    })
  })

  it('counts places beyond the sixteenth with it', async () => {
    const metrics = engineMetrics()
    metrics.observer.round('lookup', round(18, 18, 10))
    expect(await read(metrics)).toMatchObject({
      'foretoken_accepted_tokens_total{strategy="lookup",position="15"}': 1,
      'foretoken_accepted_tokens_total{strategy="lookup",position="16"}': 3,
    })
  })

  it('tells the speed-up that was measured and that was estimated, once there is one', async () => {
    const metrics = engineMetrics()
    expect(Object.keys(await read(metrics)).filter((name) => name.includes('speedup'))).toEqual([])
    // Three tokens in 15 ms, where plain decoding takes 10 ms for one here, and 12 by the estimate.
    metrics.observer.round('model', round(2, 2, 15))
    metrics.observer.round('none', round(0, 0, 10))
    const length = { rounds: { draft: 1, off: 0, trial: 2, check: 0 }, plainMs: 36 }
    metrics.observer.ended(ended({ tokens: 3, decodeMs: 15, length: length as unknown as LengthReport }))
    const values = await read(metrics)
    expect(values['foretoken_speedup_measured{strategy="model"}']).toBeCloseTo(2)
    expect(values['foretoken_speedup_measured{strategy="none"}']).toBeCloseTo(1)
    expect(values['foretoken_speedup_estimated{strategy="model"}']).toBeCloseTo(2.4)
    expect(values['foretoken_guard_rounds_total{decision="trial"}']).toBe(2)
  })

  it('counts requests by outcome, prompts, and times in seconds', async () => {
    const metrics = engineMetrics()
    const { observer } = metrics
    observer.refused()
    observer.began({ waitedMs: 2000, promptTokens: 100, cachedTokens: 60 })
    observer.token(true, 300)
    observer.token(false, 20)
    observer.token(false, 40)
    observer.ended(ended({ outcome: 'aborted' }))
    expect(await read(metrics)).toMatchObject({
      'foretoken_requests_total{outcome="refused"}': 1,
      'foretoken_requests_total{outcome="aborted"}': 1,
      foretoken_prompt_tokens_total: 100,
      foretoken_prompt_tokens_cached_total: 60,
      foretoken_queue_seconds_sum: 2,
      foretoken_first_token_seconds_sum: 0.3,
      foretoken_between_tokens_seconds_count: 2,
    })
  })

  it('shows the load as it is when it is asked for', async () => {
    const metrics = engineMetrics()
    const state = { active: 1, waiting: 0, parallel: 4, draining: false }
    metrics.watch({ state })
    expect((await read(metrics)).foretoken_active).toBe(1)
    Object.assign(state, { active: 4, waiting: 3 })
    expect(await read(metrics)).toMatchObject({ foretoken_active: 4, foretoken_waiting: 3, foretoken_parallel: 4 })
  })

  it('has a registry for each', async () => {
    const [one, other] = [engineMetrics(), engineMetrics()]
    one.observer.refused()
    expect((await read(other))['foretoken_requests_total{outcome="refused"}']).toBeUndefined()
  })
})
