import { ForetokenError } from '../errors.js'
import type { TokenId } from '../model.js'

/** The steps of the chain, in the order in which they are taken unless `order` says otherwise. */
export const defaultOrder = [
  'bias',
  'penalties',
  'dry',
  'temperature',
  'topK',
  'typicalP',
  'topP',
  'minP',
  'xtc',
] as const satisfies readonly string[]

export type ChainStep = (typeof defaultOrder)[number]

/**
 * How a token is chosen from the target's logits. Everything is off by default: greedy decoding.
 *
 * First come what may not be said at all (a response format, `bannedTokens`, `minTokens`), then the steps of {@link order}.
 * At temperature 0 the likeliest token after bias and penalties is taken, and the steps that truncate have nothing to do.
 */
export interface SamplingOptions {
  /** 0 (the default) is greedy: always the largest logit. 1 is the model's own distribution. At most 100. */
  readonly temperature?: number | undefined
  /** Keep the `topK` most probable tokens. An integer; 0 (the default): all. */
  readonly topK?: number | undefined
  /** Keep the smallest set of most probable tokens that holds at least `topP` of the probability. In `(0, 1]`, default 1. */
  readonly topP?: number | undefined
  /** Drop tokens less probable than `minP` times the most probable one. In `[0, 1]`, default 0. */
  readonly minP?: number | undefined
  /**
   * Locally typical sampling (Meister et al., 2202.00666): keep the tokens whose surprise is nearest to the entropy, as few
   * as hold `typicalP` of the probability. In `(0, 1]`, default 1.
   */
  readonly typicalP?: number | undefined
  /**
   * Exclude top choices: with this probability, of the tokens with a probability of at least {@link xtcThreshold} only the
   * least probable one stays, if there are two or more. In `[0, 1]`, default 0.
   */
  readonly xtcProbability?: number | undefined
  /** In `[0, 1]`, default 0.1. Above 0.5 there are never two such tokens. */
  readonly xtcThreshold?: number | undefined

  /**
   * Divides the positive logits of tokens that the prompt or the text has, and multiplies the negative ones (Keskar et al.,
   * 1909.05858). Above 0; 1 (the default) changes nothing.
   */
  readonly repetitionPenalty?: number | undefined
  /** Taken off the logits of tokens that have been said, once. From -2 to 2, default 0. */
  readonly presencePenalty?: number | undefined
  /** Taken off the logits of tokens that have been said, for each time. From -2 to 2, default 0. */
  readonly frequencyPenalty?: number | undefined
  /** How many of the last tokens the three penalties look at. An integer, at least 1. Default: all. */
  readonly penaltyWindow?: number | undefined

  /**
   * DRY ("don't repeat yourself"): a token that would prolong a repetition of n tokens loses
   * `dryMultiplier * dryBase ** (n - dryAllowedLength)` from its logit, for n of at least {@link dryAllowedLength}. The
   * prompt counts. 0 or more, default 0: off.
   */
  readonly dryMultiplier?: number | undefined
  /** At least 1, default 1.75. */
  readonly dryBase?: number | undefined
  /** An integer, at least 1, default 2. */
  readonly dryAllowedLength?: number | undefined
  /** How many of the last tokens DRY looks at. An integer, at least 1. Default: all. */
  readonly dryWindow?: number | undefined
  /** Texts over which no repetition reaches. Default: a line break, `:`, `"`, `*`. */
  readonly drySequenceBreakers?: readonly string[] | undefined

  /** Added to the logits of tokens, by their id: `{ 50256: -100 }`. Finite, or -Infinity, which bans the token. */
  readonly logitBias?: Readonly<Record<TokenId, number>> | undefined
  /** Tokens that are never said. */
  readonly bannedTokens?: readonly TokenId[] | undefined
  /**
   * The text does not end of itself before it has so many tokens, unless the response format allows nothing else. A
   * stop string still ends it. An integer, default 0.
   */
  readonly minTokens?: number | undefined

  /** The order of the chain. Every step that is in use must be in it, once. Default: {@link defaultOrder}. */
  readonly order?: readonly ChainStep[] | undefined
}

/** The options with their defaults. */
export type ResolvedOptions = { readonly [K in keyof SamplingOptions]-?: Exclude<SamplingOptions[K], undefined> }

/** @throws `invalid-argument` when an option is out of its range. */
export function resolveOptions(options: SamplingOptions): ResolvedOptions {
  const resolved: ResolvedOptions = {
    temperature: options.temperature ?? 0,
    topK: options.topK ?? 0,
    topP: options.topP ?? 1,
    minP: options.minP ?? 0,
    typicalP: options.typicalP ?? 1,
    xtcProbability: options.xtcProbability ?? 0,
    xtcThreshold: options.xtcThreshold ?? 0.1,
    repetitionPenalty: options.repetitionPenalty ?? 1,
    presencePenalty: options.presencePenalty ?? 0,
    frequencyPenalty: options.frequencyPenalty ?? 0,
    penaltyWindow: options.penaltyWindow ?? Infinity,
    dryMultiplier: options.dryMultiplier ?? 0,
    dryBase: options.dryBase ?? 1.75,
    dryAllowedLength: options.dryAllowedLength ?? 2,
    dryWindow: options.dryWindow ?? Infinity,
    drySequenceBreakers: options.drySequenceBreakers ?? ['\n', ':', '"', '*'],
    logitBias: options.logitBias ?? {},
    bannedTokens: options.bannedTokens ?? [],
    minTokens: options.minTokens ?? 0,
    order: options.order ?? defaultOrder,
  }
  for (const name of ['drySequenceBreakers', 'bannedTokens', 'order'] as const) {
    if (!Array.isArray(resolved[name])) wrong(name, resolved[name], 'a list')
  }
  for (const [name, [range, valid]] of Object.entries(ranges)) {
    const value = resolved[name as keyof typeof ranges]
    if (!valid(value)) wrong(name, value, range)
  }
  if (resolved.drySequenceBreakers.includes(''))
    wrong('drySequenceBreakers', 'an empty text', 'at least a character each')
  for (const [token, bias] of Object.entries(resolved.logitBias)) {
    if (!isToken(Number(token))) wrong('logitBias', `for ${token}`, 'by token id')
    if (!(bias < Infinity)) wrong('logitBias', bias, 'finite, or -Infinity to ban the token')
  }
  const strange = resolved.bannedTokens.find((token) => !isToken(token))
  if (strange !== undefined) wrong('bannedTokens', `with ${strange}`, 'a list of token ids')
  checkOrder(resolved)
  return Object.freeze(resolved)
}

/** Whether a step does anything. */
export const inUse: Readonly<Record<ChainStep, (options: ResolvedOptions) => boolean>> = {
  bias: ({ logitBias }) => Object.keys(logitBias).length > 0,
  penalties: ({ repetitionPenalty, presencePenalty, frequencyPenalty }) =>
    repetitionPenalty !== 1 || presencePenalty !== 0 || frequencyPenalty !== 0,
  dry: ({ dryMultiplier }) => dryMultiplier > 0,
  temperature: ({ temperature }) => temperature !== 1 && temperature !== 0,
  topK: ({ topK }) => topK > 0,
  typicalP: ({ typicalP }) => typicalP < 1,
  topP: ({ topP }) => topP < 1,
  minP: ({ minP }) => minP > 0,
  xtc: ({ xtcProbability, xtcThreshold }) => xtcProbability > 0 && xtcThreshold <= 0.5,
}

const between = (least: number, most: number) => (value: number) => value >= least && value <= most
const whole = (least: number) => (value: number) => Number.isInteger(value) && value >= least
const share: Range = ['above 0, at most 1', (value) => value > 0 && value <= 1]
const window: Range = ['an integer, at least 1', (value) => value === Infinity || whole(1)(value)]

type Range = [description: string, valid: (value: number) => boolean]

const ranges = {
  temperature: ['from 0 (greedy) to 100', between(0, 100)],
  topK: ['an integer, 0 for all tokens', whole(0)],
  topP: share,
  minP: ['from 0 to 1', between(0, 1)],
  typicalP: share,
  xtcProbability: ['from 0 to 1', between(0, 1)],
  xtcThreshold: ['from 0 to 1', between(0, 1)],
  repetitionPenalty: ['above 0, 1 for none', (value) => value > 0 && value < Infinity],
  presencePenalty: ['from -2 to 2', between(-2, 2)],
  frequencyPenalty: ['from -2 to 2', between(-2, 2)],
  penaltyWindow: window,
  dryMultiplier: ['0 or more', (value) => value >= 0 && value < Infinity],
  dryBase: ['at least 1', (value) => value >= 1 && value < Infinity],
  dryAllowedLength: ['an integer, at least 1', whole(1)],
  dryWindow: window,
  minTokens: ['an integer, 0 or more', whole(0)],
} satisfies Partial<Record<keyof SamplingOptions, Range>>

function checkOrder(options: ResolvedOptions): void {
  const { order } = options
  const unknown = order.find((step) => !defaultOrder.includes(step))
  if (unknown !== undefined) wrong('order', `with '${unknown}'`, `made of ${defaultOrder.join(', ')}`)
  if (new Set(order).size < order.length) wrong('order', `'${order.join("', '")}'`, 'without a step that comes twice')
  const missing = defaultOrder.find((step) => inUse[step](options) && !order.includes(step))
  if (missing !== undefined) wrong('order', `without '${missing}', which is set`, 'complete')
}

function isToken(token: number): boolean {
  return Number.isInteger(token) && token >= 0
}

function wrong(name: string, value: unknown, range: string): never {
  throw new ForetokenError('invalid-argument', `${name} is ${String(value)}: it must be ${range}.`)
}
