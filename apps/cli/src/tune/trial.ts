import { type DraftStrategy, fixedLength, generate, type LanguageModel, type Round } from '@foretoken/core'
import { quantile } from '../measure/statistics.js'
import type { Costs } from './gains.js'
import { recordedModel } from './recorded.js'
import type { SaidText } from './said.js'

/** The longest draft that is tried. */
export const longest = 8

/** What became of a draft. */
export interface TriedRound {
  readonly drafted: number
  readonly accepted: number
}

/** How the drafts of a strategy fare on the texts. */
export interface Trial {
  readonly rounds: readonly TriedRound[]
  /**
   * Milliseconds of drafting for each drafted token: the lower quartile, as of passes, since other work on the machine only
   * ever makes it longer. 0 when nothing was drafted.
   */
  readonly tokenMs: number
}

/** Lets a strategy draft along texts that the target has said, as it would have drafted while it said them. */
export async function tryStrategy(
  strategy: DraftStrategy,
  { target, texts, signal }: { target: LanguageModel; texts: readonly SaidText[]; signal: AbortSignal },
): Promise<Trial> {
  const rounds: TriedRound[] = []
  const times: number[] = []
  for (const { prompt, tokens } of texts) {
    signal.throwIfAborted()
    const seen = await roundsOf(strategy, recordedModel(target, [...prompt, ...tokens]), prompt, tokens.length, signal)
    let left = tokens.length
    for (const [index, { draft, verdict, draftMs }] of seen.entries()) {
      const [drafted, { accepted }] = [draft.tokens.length, verdict]
      // Where the text ends drafts are cut short. The first of a text reads the prompt, which no other does.
      if (left > longest) rounds.push({ drafted, accepted })
      if (index > 0 && drafted > 0) times.push(draftMs / drafted)
      left -= accepted + 1
    }
  }
  return { rounds, tokenMs: times.length > 0 ? quantile(times, 0.25) : 0 }
}

async function roundsOf(
  strategy: DraftStrategy,
  model: LanguageModel,
  prompt: SaidText['prompt'],
  maxTokens: number,
  signal: AbortSignal,
): Promise<Round[]> {
  const rounds: Round[] = []
  const length = {
    ...fixedLength(longest),
    open: () => ({ next: () => longest, observe: (round: Round) => void rounds.push(round) }),
  }
  await generate({ model, prompt, maxTokens, strategy, length, temperature: 0, signal }).result()
  return rounds
}

/** What a strategy would do for the speed. */
export interface Prospect {
  /** The share of the rounds in which it had something to say. */
  readonly coverage: number
  /** The share of its tokens that were accepted, of those up to the first refusal. NaN when there were none. */
  readonly alpha: number
  /** The same for each position in the draft, the tokens before it being accepted. */
  readonly acceptance: readonly number[]
  /** The best draft length, 1 or more, and how much faster than plain decoding it is: less than 1 when it is slower. */
  readonly length: number
  readonly speedup: number
  /** Whether that is the longest that could be tried. */
  readonly longest: boolean
}

/**
 * What rounds would have given with shorter drafts: `min(accepted, length) + 1` tokens each, for the drafting of as many
 * as there were and a pass over them. The speed-up of each length is the ratio of the sums.
 */
export function prospect({ rounds, tokenMs }: Trial, curve: Costs['curve']): Prospect {
  const pass = (tokens: number): number => curve[tokens - 1]!.ms
  const gain = (length: number): number => {
    let [tokens, ms] = [0, 0]
    for (const { drafted, accepted } of rounds) {
      const cut = Math.min(drafted, length)
      tokens += Math.min(accepted, length) + 1
      ms += cut * tokenMs + pass(cut + 1)
    }
    return (tokens * pass(1)) / ms
  }
  const most = Math.min(longest, curve.length - 1)
  let best = 1
  for (let length = 2; length <= most; length++) if (gain(length) > gain(best)) best = length
  return {
    coverage: rounds.filter(({ drafted }) => drafted > 0).length / rounds.length,
    alpha: accepted(rounds),
    acceptance: Array.from({ length: most }, (_, i) => acceptedAt(rounds, i)).filter((share) => !Number.isNaN(share)),
    length: best,
    speedup: gain(best),
    longest: best === most,
  }
}

function accepted(rounds: readonly TriedRound[]): number {
  let [kept, judged] = [0, 0]
  for (const { drafted, accepted } of rounds) {
    kept += accepted
    judged += Math.min(drafted, accepted + 1)
  }
  return kept / judged
}

function acceptedAt(rounds: readonly TriedRound[], position: number): number {
  const reached = rounds.filter(({ drafted, accepted }) => drafted > position && accepted >= position)
  return reached.filter(({ accepted }) => accepted > position).length / reached.length
}
