import { loadModel } from '@foretoken/backend-llama'
import {
  checkRequest,
  coupledChance,
  Distribution,
  generate,
  type LanguageModel,
  type TokenId,
  type Tokenizer,
} from '@foretoken/core'
import { target } from '@foretoken/demo-models'
import { judgeFork } from '../../../cli/src/measure/fork.js'
import { largest } from '../../../cli/src/measure/statistics.js'
import { passRounding, type PlainRun, plainRun } from '../../../cli/src/measure/rounding.js'
import type { Case } from './cases.js'
import type { Difference } from './tally.js'

/** A difference, and how near to each other the two tokens were where the texts part. */
export interface Fork {
  readonly id: string
  readonly times: number
  readonly verdict: 'near-tie' | 'bug'
  /** How far the logits of the two tokens would have to move for the other one to be said, in nats. */
  readonly gap: number
  /** How far passes of other widths move a logit in this text. */
  readonly rounding: number
  readonly alone: string
  readonly given: string
}

/** Texts that other tokens spell are looked for among so many of the likeliest. */
const likeliest = 64
/** Tokens in a pass; as many as several texts with drafts bring together, more or less. */
const widths = [2, 4, 8, 16, 32]
const enough = 96

/** Decodes on the target alone, token by token, and tells which differences rounding explains. */
export async function judge(differences: readonly Difference[], signal: AbortSignal): Promise<Fork[]> {
  if (differences.length === 0) return []
  const model = await loadModel({ path: target, gpu: false, threads: 1, calibrate: false, signal })
  try {
    const forks: Fork[] = []
    for (const difference of differences) forks.push(await judgeOne(model, difference, signal))
    return forks
  } finally {
    await model.dispose()
  }
}

async function judgeOne(model: LanguageModel, difference: Difference, signal: AbortSignal): Promise<Fork> {
  const { one, times, alone, given } = difference
  const { id, prompt, maxTokens, temperature, seed } = one
  const options = { model, prompt, temperature, seed, signal }
  const { text } = await generate({ ...options, maxTokens }).result()
  // It goes on as far as it takes for all widths to have their turns.
  const { tokens } = await generate({ ...options, maxTokens: Math.max(maxTokens, enough) }).result()
  const plain = await plainRun({ model, prompt: checkRequest(options), text: tokens, maxTokens: tokens.length, signal })
  const moved: number[] = []
  for (const width of widths) moved.push(...(await passRounding({ model, plain, widths: [width], signal })))
  const rounding = largest(moved)
  // Either of the two may be the one that a neighbour has moved.
  const others = [alone, given].filter((other) => other !== text)
  const gap = largest(others.map((other) => gapTo(other, plain, one, model.tokenizer)))
  return { id, times, verdict: judgeFork(gap, rounding), gap, rounding, alone, given }
}

/**
 * How near the plain run came to saying `text`: the smallest gap to a token with which `text` may have parted from it.
 * Infinite when no token explains it.
 */
export function gapTo(text: string, plain: PlainRun, one: Case, tokenizer: Tokenizer): number {
  let nearest = Infinity
  for (let i = 0; i <= plain.text.length; i++) {
    const before = tokenizer.decode(plain.text.slice(0, i))
    if (!text.startsWith(before)) break
    const rest = text.slice(before.length)
    const logits = plain.rows[i]!
    const said = plain.text[i] ?? likeliestEnd(logits, tokenizer)
    if (said === undefined) break
    for (const other of top(logits)) {
      if (other === said || !begins(rest, other, tokenizer)) continue
      nearest = Math.min(nearest, tieGap(logits, { said, other }, one, plain.prompt.length + i))
    }
  }
  return nearest
}

/** Whether a text may go on with the token; an end goes on with nothing. */
function begins(rest: string, token: TokenId, tokenizer: Tokenizer): boolean {
  if (tokenizer.isEnd(token)) return rest === ''
  const piece = tokenizer.decode([token])
  return piece !== '' && rest.startsWith(piece)
}

/**
 * How far two logits would have to move, together, for `other` to be said. At a temperature each token's noise counts,
 * which belongs to its place in the text.
 *
 * @param position Of the token in the text, the prompt's tokens counted.
 */
export function tieGap(
  logits: Float32Array,
  { said, other }: { readonly said: TokenId; readonly other: TokenId },
  { temperature, seed }: Pick<Case, 'temperature' | 'seed'>,
  position: number,
): number {
  const lead = logits[said]! - logits[other]!
  if (temperature === 0) return Math.abs(lead)
  const ids = Int32Array.from([said, other].sort((a, b) => a - b))
  const chance = coupledChance(seed)
  const draws = (shift: number): TokenId => {
    const weights = Float64Array.from(ids, (id) => (id === said ? 1 : Math.exp((shift - lead) / temperature)))
    return chance.draw(Distribution.of(weights, ids), position)
  }
  let [low, high] = [0, 1]
  while (draws(high) === said && high < 1024) high *= 2
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2
    if (draws(middle) === said) low = middle
    else high = middle
  }
  return high
}

function top(logits: Float32Array): TokenId[] {
  return [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, likeliest)
}

function likeliestEnd(logits: Float32Array, tokenizer: Tokenizer): TokenId | undefined {
  return [...logits.keys()].filter((token) => tokenizer.isEnd(token)).sort((a, b) => logits[b]! - logits[a]!)[0]
}
