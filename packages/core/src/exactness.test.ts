import { describe, expect, it } from 'vitest'
import { ConstraintTracker } from './constrain/tracker.js'
import type { TokenId } from './model.js'
import type { Chance } from './sampling/chance.js'
import { createSampler, type Sampler, type SamplerContext } from './sampling/chain.js'
import { naiveChain } from './sampling/naive-chain.js'
import type { SamplingOptions } from './sampling/options.js'
import { draftModel, forcedTokens, promptLookup } from './strategies/index.js'
import type { DraftStrategy } from './strategy.js'
import { distance, enumerate, tally } from './testing/enumerate.js'
import { say } from './testing/say.js'
import { ToyConstraint, type Automaton } from './testing/toy-constraint.js'
import { randomTable, ToyModel } from './testing/toy-model.js'
import { block, coupled, match, rejection, type Verifier } from './verify/index.js'

/*
 * The real loop with the real chain, followed down every branch, against the distribution that the chain's description
 * says the target has: with penalties, masks and all, at every position of a draft.
 */

const vocabSize = 4
const end = 3
const prompt = [0, 1, 0, 1]
const count = 3
const table = (seed: number) => randomTable({ seed, vocabSize, order: 2 })
const toy = (seed: number) => new ToyModel({ vocabSize, end, next: table(seed) })
/** A draft whose rows are of another length: padding, as far as it is told. */
const padded = (vocabSize: number) =>
  new ToyModel({
    vocabSize,
    next: randomTable({ seed: 2, vocabSize, order: 2 }),
    fingerprint: toy(1).tokenizer.fingerprint,
  })

interface Setting {
  readonly options: SamplingOptions
  readonly automaton?: Automaton
}

const everything: SamplingOptions = {
  temperature: 0.8,
  topK: 3,
  topP: 0.97,
  minP: 0.02,
  typicalP: 0.98,
  xtcProbability: 0.3,
  xtcThreshold: 0.2,
  repetitionPenalty: 1.2,
  presencePenalty: 0.3,
  frequencyPenalty: 0.2,
  dryMultiplier: 0.5,
  dryAllowedLength: 1,
  logitBias: { 2: 0.5 },
  minTokens: 1,
}
/** Forced at first, then open, then forced to end. */
const automaton: Automaton = [{ 0: 1 }, { 0: 2, 1: 2, 2: 1 }, { 1: 2, 2: 3, [end]: 4 }, { [end]: 4 }, {}]

const settings: Record<string, Setting> = {
  penalties: { options: { temperature: 1, repetitionPenalty: 1.6, presencePenalty: 0.7, frequencyPenalty: 0.5 } },
  'a penalty window': { options: { temperature: 1, repetitionPenalty: 3, frequencyPenalty: 1.5, penaltyWindow: 2 } },
  DRY: { options: { temperature: 1, dryMultiplier: 1.2, dryAllowedLength: 1, drySequenceBreakers: ['c'] } },
  typical: { options: { temperature: 0.5, typicalP: 0.25 } },
  XTC: { options: { temperature: 1, xtcProbability: 0.4, xtcThreshold: 0.2 } },
  'XTC before the temperature': {
    options: { temperature: 0.5, xtcProbability: 0.4, xtcThreshold: 0.2, order: ['xtc', 'temperature'] },
  },
  'bias and bans': { options: { temperature: 1, logitBias: { 0: 1.5 }, bannedTokens: [1] } },
  'minimum tokens': { options: { temperature: 1, minTokens: 2 } },
  'a format': { options: { temperature: 1 }, automaton },
  everything: { options: everything },
  'everything, with a format, in the order of llama.cpp': {
    options: {
      ...everything,
      order: ['bias', 'penalties', 'dry', 'topK', 'typicalP', 'topP', 'minP', 'xtc', 'temperature'],
    },
    automaton,
  },
}

/** What plain decoding says, computed from the description of the chain. A text ends with its end token. */
function described({ options, automaton: states }: Setting): Map<string, number> {
  const texts = new Map<string, number>()
  const breakers = new Set((options.drySequenceBreakers ?? []).map((text) => text.charCodeAt(0) - 97))
  const go = (said: TokenId[], state: number, probability: number): void => {
    if (said.length === count || said.at(-1) === end) return void texts.set(String(said), probability)
    const logits = table(1)([...prompt, ...said]).map(Math.log)
    const next = states?.[state]
    const allowed = next && new Set(Object.keys(next).map(Number))
    naiveChain(logits, options, { prompt, said, allowed, end, breakers }).forEach((p, token) => {
      if (p > 0) go([...said, token], next?.[token] ?? 0, probability * p)
    })
  }
  go([], 0, 1)
  return texts
}

interface Run extends Setting {
  readonly strategy?: DraftStrategy
  readonly verifier: Verifier
  /** Spoils the sampler. */
  readonly mutate?: (sampler: Sampler) => Sampler
  readonly context?: Partial<SamplerContext>
}

/** What the real loop says, on one branch of chance. */
async function run({ options, automaton: states, strategy, verifier, mutate, context }: Run, chance: Chance) {
  const model = toy(1)
  const { tokenizer } = model
  const tracker =
    states && new ConstraintTracker(new ToyConstraint(states, vocabSize).open(), prompt.length, tokenizer.isEnd)
  const own = createSampler(options, { tokenizer, promptLength: prompt.length, tracker, ...context })
  const drafter = await strategy?.open({ target: model, sampler: own })
  return say({ model, prompt, count, sampler: mutate?.(own) ?? own, verifier, chance, drafter })
}

const errorOf = async (setting: Run): Promise<number> =>
  distance(tally(await enumerate((chance) => run(setting, chance))), described(setting))

/** Logits are 32 bits wide, the description's are 64. */
const tolerance = 1e-6

const strategies: [string, () => DraftStrategy | undefined][] = [
  ['no draft', () => undefined],
  ['a draft model', () => draftModel({ model: toy(2) })],
  ['an argmax draft model', () => draftModel({ model: toy(2), temperature: 0 })],
  ['a draft model with less padding', () => draftModel({ model: padded(vocabSize - 1) })],
  ['a draft model with more padding', () => draftModel({ model: padded(vocabSize + 2) })],
  ['prompt lookup', () => promptLookup({ shortest: 1 })],
  ['forced tokens, then a draft model', () => forcedTokens(draftModel({ model: toy(2) }))],
]

describe.each(Object.entries(settings))('with %s, the loop says what the description says', (_, setting) => {
  describe.each([rejection, block, match, coupled])('$name', (verifier) => {
    it.each(strategies)('%s', async (_name, make) => {
      const strategy = make()
      expect(await errorOf({ ...setting, verifier, ...(strategy && { strategy }) })).toBeLessThan(tolerance)
    })
  })
})

describe('with and without a draft the distribution is the same, to rounding in 64 bits', () => {
  it.each(Object.entries(settings))('%s', async (_, setting) => {
    const plain = tally(await enumerate((chance) => run({ ...setting, verifier: rejection }, chance)))
    for (const verifier of [rejection, block, match, coupled]) {
      const strategy = draftModel({ model: toy(2) })
      const drafted = tally(await enumerate((chance) => run({ ...setting, verifier, strategy }, chance)))
      expect(distance(drafted, plain)).toBeLessThan(1e-12)
    }
  })
})

/** A sampler that looks at another history than it is told to. */
const looksAt =
  (where: (length: number, tokens: readonly TokenId[]) => number) =>
  (sampler: Sampler): Sampler => ({
    ...sampler,
    distribution: (logits, tokens, length = tokens.length) =>
      sampler.distribution(logits, tokens, Math.max(prompt.length, where(length, tokens))),
  })
/** Where the context ends: a draft is of two tokens, or of what is still wanted. */
const withoutDraft = looksAt((length, tokens) =>
  Math.min(length, tokens.length - Math.min(2, tokens.length - prompt.length)),
)
const options = (change: SamplingOptions) => (): Sampler =>
  createSampler(change, { tokenizer: toy(1).tokenizer, promptLength: prompt.length })

/** Each is wrong in one rule. The comparison must notice every one. */
const mutants: [string, string, Partial<Run>][] = [
  ['penalties', 'a history that stops one token early', { mutate: looksAt((length) => length - 1) }],
  ['penalties', 'a history without the draft', { mutate: withoutDraft }],
  ['penalties', 'a presence penalty on the prompt', { context: { promptLength: 0 } }],
  ['penalties', 'no repetition penalty', { mutate: options({ ...settings.penalties!.options, repetitionPenalty: 1 }) }],
  ['penalties', 'no presence penalty', { mutate: options({ ...settings.penalties!.options, presencePenalty: 0 }) }],
  ['penalties', 'no frequency penalty', { mutate: options({ ...settings.penalties!.options, frequencyPenalty: 0 }) }],
  [
    'a penalty window',
    'a window of one more',
    { mutate: options({ ...settings['a penalty window']!.options, penaltyWindow: 3 }) },
  ],
  ['DRY', 'a history without the draft', { mutate: withoutDraft }],
  ['DRY', 'no breakers', { mutate: options({ ...settings.DRY!.options, drySequenceBreakers: [] }) }],
  ['DRY', 'another allowed length', { mutate: options({ ...settings.DRY!.options, dryAllowedLength: 2 }) }],
  ['DRY', 'another base', { mutate: options({ ...settings.DRY!.options, dryBase: 1.5 }) }],
  ['typical', 'top-p instead', { mutate: options({ temperature: 0.5, topP: 0.25 }) }],
  ['XTC', 'a coin that always falls alike', { mutate: options({ ...settings.XTC!.options, xtcProbability: 1 }) }],
  ['XTC', 'another threshold', { mutate: options({ ...settings.XTC!.options, xtcThreshold: 0.4 }) }],
  [
    'XTC before the temperature',
    'another order',
    { mutate: options({ ...settings['XTC before the temperature']!.options, order: ['temperature', 'xtc'] }) },
  ],
  ['bias and bans', 'no ban', { mutate: options({ temperature: 1, logitBias: { 0: 1.5 } }) }],
  ['bias and bans', 'no bias', { mutate: options({ temperature: 1, bannedTokens: [1] }) }],
  ['minimum tokens', 'one token fewer', { mutate: options({ temperature: 1, minTokens: 1 }) }],
  ['minimum tokens', 'the prompt counted', { context: { promptLength: 0 } }],
  ['a format', 'the mask of the position before', { mutate: looksAt((length) => length - 1) }],
  ['a format', 'the mask of the context for the whole draft', { mutate: withoutDraft }],
  ['a format', 'no mask', { mutate: options({ temperature: 1 }) }],
]

describe('the comparison notices', () => {
  it.each(mutants)('%s: %s', async (name, _, mutation) => {
    const strategy = draftModel({ model: toy(2) })
    expect(await errorOf({ ...settings[name]!, verifier: rejection, strategy, ...mutation })).toBeGreaterThan(1e-4)
  })
})
