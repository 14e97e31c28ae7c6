import { describe, expect, it } from 'vitest'
import { reportLines } from './report.js'
import { soak } from './soak.js'

const { signal } = new AbortController()
const load = { clients: 20, parallel: 4, prompts: 1, threads: 1, signal }

describe('twenty clients at once', { timeout: 120_000 }, () => {
  it('get what each gets alone, while some misbehave; SIGTERM leaves none of them hanging', async () => {
    const report = await soak({ ...load, ms: 6_000, queue: 20 })
    expect(report.faults).toEqual([])
    expect(report.busy).toBe(0)
    expect(report.answers).toBeGreaterThan(20)
    expect(Object.values(report.misdeeds).some((times) => times > 0)).toBe(true)
    expect(report.shutdown).toMatchObject({ exitCode: 0 })
    expect(report.shutdown.answered).toBeGreaterThan(0)
    expect(report.memory).toHaveLength(1)
    expect(reportLines(report).at(-1)).toBe('No fault.')
  })

  it('come again when they are told to', async () => {
    const report = await soak({ ...load, ms: 3_000, queue: 2 })
    expect(report.faults).toEqual([])
    expect(report.busy).toBeGreaterThan(0)
    expect(report.answers).toBeGreaterThan(0)
  })
})
