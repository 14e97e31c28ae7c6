import { describe, expect, it } from 'vitest'
import { openRuntime } from '../runtime.js'
import { layoutMismatch } from './structs.js'

describe('the layouts of llama.cpp', async () => {
  const { calls, release } = await openRuntime(false)
  const model = calls!.llama_model_default_params()
  const context = calls!.llama_context_default_params()

  it('fit the release that is installed', () => {
    expect(layoutMismatch(release, model, context)).toBeUndefined()
  })

  it('are not trusted for a release that we do not know', () => {
    expect(layoutMismatch('v9.9.9', model, context)).toMatch(/release v9\.9\.9/)
  })

  it('are not trusted when a default is off', () => {
    expect(layoutMismatch(release, { ...model, use_extra_bufts: false }, context)).toMatch(/use_extra_bufts/)
    expect(layoutMismatch(release, model, { ...context, n_threads: 2048 })).toMatch(/n_threads/)
    expect(layoutMismatch(release, model, { ...context, samplers: 12n })).toMatch(/samplers/)
  })

  it('are not trusted when a field was put in anywhere', () => {
    const names = Object.keys(context)
    for (let at = 0; at < names.length; at++) {
      const shifted = Object.fromEntries(
        names.map((name, index) => [name, context[names[index < at ? index : index - 1] ?? ''] ?? 77]),
      )
      expect(layoutMismatch(release, model, shifted), `before ${names[at]}`).toBeDefined()
    }
  })
})
