import { fixedLength } from '../length/fixed.js'
import type { LengthPolicy } from '../length/policy.js'
import type { LanguageModel, TokenId } from '../model.js'
import type { Chance } from '../sampling/chance.js'
import type { Sampler } from '../sampling/chain.js'
import { speculate } from '../speculate.js'
import type { Drafter } from '../strategy.js'
import type { Verifier } from '../verify/verifier.js'
import { expect } from './case.js'

/** A short text to be said by the real loop, on one branch of chance. */
export interface Saying {
  readonly model: LanguageModel
  readonly prompt: readonly TokenId[]
  /** How many tokens to say, if none of them ends the text. */
  readonly count: number
  readonly sampler: Sampler
  readonly verifier: Verifier
  readonly chance: Chance
  /** Disposed at the end. Default: none. */
  readonly drafter?: Drafter | undefined
  readonly length?: LengthPolicy | undefined
}

/** Runs rounds as `generate` does, but with a chance of the caller's. */
export async function say(saying: Saying): Promise<TokenId[]> {
  const { model, prompt, count, sampler, verifier, chance } = saying
  const drafter: Drafter = saying.drafter ?? { propose: () => ({ tokens: [] }) }
  const target = await model.createSequence()
  if (prompt.length > 1) await target.forward(prompt.slice(0, -1), { outputs: 'none' })
  const context = [...prompt]
  const strategy = { name: 'as given', open: () => drafter }
  const length = (saying.length ?? fixedLength(2)).open({ target: model, strategy, drafter })
  const room = (): number => prompt.length + count - context.length - 1
  for await (const _ of speculate({ target, context, drafter, length, sampler, verifier, chance, room })) {
    expect(String(target.tokens) === String(context.slice(0, -1)), () => 'the cache does not hold the text')
    const end = context.findIndex((token, i) => i >= prompt.length && model.tokenizer.isEnd(token))
    if (end >= 0) context.length = end + 1
    if (end >= 0 || context.length >= prompt.length + count) break
  }
  await drafter.dispose?.()
  await target.dispose()
  return context.slice(prompt.length)
}
