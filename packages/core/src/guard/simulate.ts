import { generate } from '../generate.js'
import type { LengthPolicy } from '../length/policy.js'
import type { LanguageModel, PassTime, Sequence, TokenId } from '../model.js'
import { draftModel } from '../strategies/draft-model.js'
import type { DraftStrategy } from '../strategy.js'
import { ToyModel } from '../testing/toy-model.js'

/*
 * Generations on a clock of their own: toy models whose passes take as long as they are said to. Tests of what pays need
 * no real clock, and come out the same each time.
 */

export interface Clock {
  now: number
}

/** A machine with a target and a draft model. All times in milliseconds. */
export interface Machine {
  /** T(n). */
  readonly pass: (tokens: number) => number
  /** A pass of the draft model over n tokens. */
  readonly draft: (tokens: number) => number
}

/** How a draft model fares in front of a target. */
export interface Text {
  /** The probability that the draft's favourite is the target's, at a place in the text. */
  readonly alpha: (position: number) => number
  /** How sure the draft is of its favourite, given that it will turn out right or wrong. */
  readonly confidence: (right: boolean, luck: number) => number
}

const vocabSize = 8
const contextLength = 4096

/** A number in `[0, 1)` that depends on its arguments alone. */
export function luck(position: number, salt: number): number {
  let hash = Math.imul(position + 1, 0x9e3779b1) ^ Math.imul(salt + 1, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39)
  return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32
}

export function pair(
  machine: Machine,
  text: Text,
  clock: Clock,
  options: { salt?: number; calibrated?: boolean } = {},
) {
  const { salt = 0, calibrated = true } = options
  const said = (position: number): TokenId => Math.floor(luck(position, 100 + salt) * vocabSize)
  const target = new ToyModel({
    vocabSize,
    contextLength,
    maxSequences: 64,
    next: (context) => peaked(said(context.length), 1),
  })
  const draft = new ToyModel({
    vocabSize,
    contextLength,
    maxSequences: 64,
    next: ({ length }) => {
      const right = luck(length, 200 + salt) < text.alpha(length)
      return peaked((said(length) + (right ? 0 : 1)) % vocabSize, text.confidence(right, luck(length, 300 + salt)))
    },
  })
  const passCurve = Array.from({ length: 16 }, (_, i) => ({ tokens: i + 1, ms: machine.pass(i + 1) }))
  return {
    target: timed(target, machine.pass, clock, calibrated ? passCurve : undefined),
    draft: timed(draft, machine.draft, clock, calibrated ? [{ tokens: 1, ms: machine.draft(1) }] : undefined),
  }
}

/** Milliseconds that it takes to read a prompt of `prompt` tokens, on both models, and to say `tokens` more. */
export async function timeOf(
  { target, draft }: { readonly target: LanguageModel; readonly draft: LanguageModel },
  length: LengthPolicy,
  options: { readonly tokens: number; readonly prompt?: number; readonly strategy?: DraftStrategy },
) {
  const { tokens, prompt = 20, strategy = draftModel({ model: draft }) } = options
  const { stats } = await generate({
    model: target,
    prompt: Array.from({ length: prompt }, () => 0),
    maxTokens: tokens,
    strategy,
    length,
  }).result()
  return { ms: stats.prefillMs + stats.decodeMs, stats }
}

function peaked(token: TokenId, peak: number): number[] {
  const rest = (1 - peak) / (vocabSize - 1)
  return Array.from({ length: vocabSize }, (_, i) => (i === token ? peak : rest))
}

/** The same model, which takes its time on the clock. */
export function timed(
  model: LanguageModel,
  cost: (tokens: number) => number,
  clock: Clock,
  passCurve: readonly PassTime[] | undefined,
): LanguageModel {
  const wrap = (sequence: Sequence): Sequence => ({
    get tokens() {
      return sequence.tokens
    },
    get length() {
      return sequence.length
    },
    async forward(tokens, options) {
      const rows = await sequence.forward(tokens, options)
      clock.now += cost(tokens.length)
      return rows
    },
    truncate: (length) => sequence.truncate(length),
    dispose: () => sequence.dispose(),
  })
  return {
    description: model.description,
    vocabSize: model.vocabSize,
    contextLength: model.contextLength,
    tokenizer: model.tokenizer,
    capabilities: model.capabilities,
    ...(passCurve && { passCurve }),
    createSequence: async () => wrap(await model.createSequence()),
    dispose: () => model.dispose(),
  }
}
