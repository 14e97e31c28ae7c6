import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { burst, throughput } from './burst.js'

describe('a burst', () => {
  it('asks each prompt once, with as many under way as there are clients', async () => {
    const asked: string[] = []
    let [active, most] = [0, 0]
    const result = await burst(['a', 'b', 'c', 'd', 'e'], {
      clients: 2,
      maxTokens: 4,
      async ask(prompt) {
        asked.push(prompt)
        most = Math.max(most, ++active)
        await setTimeout(prompt === 'a' ? 40 : 5)
        active--
        return { tokens: prompt === 'e' ? 3 : 4, firstMs: prompt === 'a' ? 40 : 5 }
      },
    })
    expect(asked).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(most).toBe(2)
    expect(result).toMatchObject({ tokens: 19, firstMs: 5, short: 1 })
    expect(result.ms).toBeGreaterThan(30)
  })

  it('leaves clients idle that have nothing to ask, and fails with any of them', async () => {
    const answer = { tokens: 4, firstMs: 1 }
    const idle = await burst(['a'], { clients: 8, maxTokens: 4, ask: async () => answer })
    expect(idle).toMatchObject({ tokens: 4, short: 0 })
    const failing = burst(['a'], { clients: 1, maxTokens: 4, ask: () => Promise.reject(new Error('gone')) })
    await expect(failing).rejects.toThrow('gone')
  })

  it('comes to tokens a second', () => {
    expect(throughput({ tokens: 30, ms: 1500 })).toBe(20)
  })
})
