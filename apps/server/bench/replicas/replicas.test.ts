import { describe, expect, it } from 'vitest'
import { noBalancer } from './balancer.js'
import { prefixes } from './prefixes.js'
import { reportLines } from './report.js'
import { survive } from './survive.js'

const { signal } = new AbortController()
const reason = noBalancer()
if (reason !== undefined) console.warn(`Replicas are not tested: ${reason}`)

describe.skipIf(reason !== undefined)('two replicas behind nginx', { timeout: 120_000 }, () => {
  it('lose nothing and say nothing twice when one is killed under twenty clients, and when one is told to stop', async () => {
    const report = await survive({ clients: 20, replicas: 2, kills: 1, prompts: 1, signal })
    expect(report.faults).toEqual([])
    expect(report.answers).toBe(report.requests)
    expect(report.resumed).toBeGreaterThan(0)
    expect(report.failedOver).toBeGreaterThan(0)
    expect(report.stop).toEqual({ exitCode: 0, broken: 0 })
    expect(reportLines(report, []).at(-1)).toBe('No fault.')
  })

  it('find what they have read of a conversation, and not when they are asked in turn', async () => {
    const [hash, inTurn] = await prefixes({ replicas: 2, conversations: 6, turns: 3, clients: 2, signal })
    const share = ({ cachedTokens, promptTokens }: NonNullable<typeof hash>): number => cachedTokens / promptTokens
    expect(hash!.promptTokens).toBeGreaterThan(1000)
    expect(share(hash!)).toBeGreaterThan(share(inTurn!) + 0.1)
  })
})
