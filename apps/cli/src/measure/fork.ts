import type { LanguageModel, TokenId } from '@foretoken/core'

/** Where two texts part. */
export interface Fork {
  /** Index of the first token said that differs. */
  readonly position: number
  /** What each said there; `undefined`: it ended. */
  readonly plain: TokenId | undefined
  readonly other: TokenId | undefined
}

/** The first place where `other` says something else than `plain`, if there is one. */
export function findFork(plain: readonly TokenId[], other: readonly TokenId[]): Fork | undefined {
  const length = Math.max(plain.length, other.length)
  for (let position = 0; position < length; position++) {
    if (plain[position] !== other[position]) return { position, plain: plain[position], other: other[position] }
  }
  return undefined
}

/**
 * By how much the target preferred its best token to the one that the other run said, in logits.
 *
 * It goes the way of the plain run, one token a pass, so that these are the logits which that run saw.
 *
 * @param prefix The prompt and what both runs said before the fork.
 * @param promptLength How many tokens of it are the prompt.
 */
export async function forkMargin(options: {
  readonly model: LanguageModel
  readonly prefix: readonly TokenId[]
  readonly promptLength: number
  readonly other: TokenId | undefined
  readonly signal?: AbortSignal | undefined
}): Promise<number> {
  const { model, prefix, promptLength, signal } = options
  const sequence = await model.createSequence()
  try {
    if (promptLength > 1) await sequence.forward(prefix.slice(0, promptLength - 1), { outputs: 'none', signal })
    for (const token of prefix.slice(promptLength - 1, -1)) await sequence.forward([token], { outputs: 'none', signal })
    const rows = await sequence.forward(prefix.slice(-1), { outputs: 'last', signal })
    const logits = rows.row(0)
    return logits[rows.argmax(0)]! - logitOf(logits, options.other, model)
  } finally {
    await sequence.dispose()
  }
}

/** The logit of a token, or, where a run ended, of the likeliest token that ends a text. */
function logitOf(logits: Float32Array, token: TokenId | undefined, model: LanguageModel): number {
  if (token !== undefined) return logits[token]!
  let best = -Infinity
  for (let id = 0; id < logits.length; id++) if (logits[id]! > best && model.tokenizer.isEnd(id)) best = logits[id]!
  return best
}

/** Logits closer than this count as tied whatever the model's own rounding is. */
const tie = 0.05

/**
 * A fork is a near-tie when the kernels' rounding can explain it: both logits may move by `rounding`, towards each other.
 * Otherwise something is wrong with the program.
 *
 * @param rounding See `batchRounding`.
 */
export function judgeFork(margin: number, rounding: number): 'near-tie' | 'bug' {
  return margin < Math.max(tie, 2 * rounding) ? 'near-tie' : 'bug'
}

/**
 * The largest difference of a logit between passes over one token and passes over `width`: a runtime takes other kernels
 * for these, which add up in another order.
 *
 * @param tokens The last `2 * width` of them are compared; there must be more.
 */
export async function batchRounding(options: {
  readonly model: LanguageModel
  readonly tokens: readonly TokenId[]
  readonly width: number
  readonly signal?: AbortSignal | undefined
}): Promise<number> {
  const { model, tokens, width, signal } = options
  const start = tokens.length - 2 * width
  const sequence = await model.createSequence()
  try {
    await sequence.forward(tokens.slice(0, start), { outputs: 'none', signal })
    const single: Float32Array[] = []
    for (const token of tokens.slice(start)) {
      single.push((await sequence.forward([token], { outputs: 'last', signal })).row(0).slice())
    }
    await sequence.truncate(start)
    let largest = 0
    for (let from = start; from < tokens.length; from += width) {
      const rows = await sequence.forward(tokens.slice(from, from + width), { outputs: 'all', signal })
      for (let i = 0; i < width; i++) largest = Math.max(largest, distance(rows.row(i), single[from - start + i]!))
    }
    return largest
  } finally {
    await sequence.dispose()
  }
}

function distance(a: Float32Array, b: Float32Array): number {
  let largest = 0
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!))
  return largest
}
