import { describe, expect, it } from 'vitest'
import { candidates, openFastest } from './providers.js'
import type { Provider } from './providers.js'

/** Opens what takes so long, or fails: at its start (`create`) or at its first pass. */
function open(times: Partial<Record<Provider, number | 'create' | 'pass'>>) {
  const released: Provider[] = []
  const providers = Object.keys(times) as Provider[]
  const opener = async (provider: Provider) => {
    const time = times[provider]
    if (time === 'create') throw new Error('no device')
    return {
      provider,
      probe: async () => {
        if (time === 'pass') throw new Error('its logits are not finite')
        return time as number
      },
      release: async () => void released.push(provider),
    }
  }
  return { released, providers, opener }
}

describe('openFastest', () => {
  it('keeps what is quickest, and releases the others', async () => {
    const { released, providers, opener } = open({ dml: 5, webgpu: 3, cpu: 4 })
    const { runner, report } = await openFastest(providers, false, opener)
    expect(runner.provider).toBe('webgpu')
    expect(released).toEqual(['dml', 'cpu'])
    expect(report).toEqual({
      provider: 'webgpu',
      attempts: [
        { provider: 'dml', ms: 5 },
        { provider: 'webgpu', ms: 3 },
        { provider: 'cpu', ms: 4 },
      ],
    })
  })

  it('goes on to the next when one fails, and tells why', async () => {
    const { released, providers, opener } = open({ cuda: 'create', webgpu: 'pass', cpu: 4 })
    const { runner, report } = await openFastest(providers, false, opener)
    expect(runner.provider).toBe('cpu')
    expect(released).toEqual(['webgpu'])
    expect(report.attempts).toEqual([
      { provider: 'cuda', error: 'no device' },
      { provider: 'webgpu', error: 'its logits are not finite' },
      { provider: 'cpu', ms: 4 },
    ])
  })

  it('takes what was asked for, however slow, and the CPU only in its place', async () => {
    const slow = open({ coreml: 50, cpu: 1 })
    const chosen = await openFastest(slow.providers, true, slow.opener)
    expect(chosen.report).toEqual({ provider: 'coreml', attempts: [{ provider: 'coreml', ms: 50 }] })
    const broken = open({ coreml: 'create', cpu: 1 })
    expect((await openFastest(broken.providers, true, broken.opener)).runner.provider).toBe('cpu')
  })

  it('says what each said when none works', async () => {
    const { providers, opener } = open({ webgpu: 'create', cpu: 'pass' })
    await expect(openFastest(providers, false, opener)).rejects.toThrow(
      'webgpu: no device; cpu: its logits are not finite',
    )
  })
})

it('the CPU is the last candidate everywhere', () => {
  for (const platform of ['linux', 'darwin', 'win32'] as const) {
    expect(candidates('auto', platform).at(-1)).toBe('cpu')
    expect(candidates('cuda', platform)).toEqual(['cuda', 'cpu'])
    expect(candidates('cpu', platform)).toEqual(['cpu'])
  }
})
