import { describe, expect, it } from 'vitest'
import { candidates, openFastest } from './providers.js'
import type { Machine, Provider } from './providers.js'
import { sessionOptions } from './session-options.js'

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

describe('candidates', () => {
  const machine = (platform: NodeJS.Platform, arch = 'x64', hasGraphicsCard = false): Machine => ({
    platform,
    arch,
    hasGraphicsCard,
  })
  const mac = machine('darwin', 'arm64')

  it.each<[string, Machine, isStatic: boolean, Provider[]]>([
    ['a Mac', mac, false, ['webgpu', 'cpu']],
    ['a Mac, with graphs of fixed sizes', mac, true, ['coreml', 'cpu']],
    ['a Mac with an Intel processor', machine('darwin', 'x64'), true, ['webgpu', 'cpu']],
    ['Windows', machine('win32'), false, ['dml', 'webgpu', 'cpu']],
    ['Linux with a graphics card', machine('linux', 'x64', true), true, ['cuda', 'webgpu', 'cpu']],
    ['Linux without', machine('linux', 'arm64'), true, ['cpu']],
  ])('suit %s', (_, on, isStatic, expected) => {
    expect(candidates('auto', isStatic, on)).toEqual(expected)
  })

  it('are what was asked for, and the CPU after it', () => {
    for (const on of [machine('linux'), mac, machine('win32')]) {
      for (const isStatic of [false, true]) {
        expect(candidates('coreml', isStatic, on)).toEqual(['coreml', 'cpu'])
        expect(candidates('cuda', isStatic, on)).toEqual(['cuda', 'cpu'])
        expect(candidates('cpu', isStatic, on)).toEqual(['cpu'])
      }
    }
  })
})

describe('sessionOptions', () => {
  const request = { file: '/models/one/onnx/model.onnx', threads: 3 }

  it('has CoreML make ML programs of what has fixed sizes', () => {
    expect(sessionOptions('coreml', request).executionProviders).toEqual([{ name: 'coreml', coreMlFlags: 24 }])
  })

  it.each(['cpu', 'webgpu', 'dml', 'cuda'] as const)('leaves %s as it is', (provider) => {
    expect(sessionOptions(provider, request)).toMatchObject({
      executionProviders: [provider],
      intraOpNumThreads: 3,
      extra: { session: { model_external_initializers_file_folder_path: '/models/one/onnx' } },
    })
  })
})
