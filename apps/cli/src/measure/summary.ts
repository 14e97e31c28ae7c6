import { expectedTokens, measuredSpeedup } from '@foretoken/core'
import type { Run } from './contest.js'
import { tokensPerSecond } from './decode.js'
import { freshShare } from './fresh.js'
import { bootstrapInterval, geometricMean, type Interval, median } from './statistics.js'

/** What the runs of one contender come to. */
export interface Summary {
  readonly runs: number
  /** Of decoding, all runs together. */
  readonly tokensPerSecond: number
  /** Times faster than the baseline: geometric mean over the prompts. NaN for the baseline itself. */
  readonly speedup: number
  /** 95 % bootstrap interval of {@link speedup}. */
  readonly interval: Interval
  /** Accepted tokens over those that were judged. NaN when nothing was drafted. */
  readonly alpha: number
  /** Tokens per pass of the target. */
  readonly tau: number
  /** Drafted tokens per pass of the target. */
  readonly drafted: number
  /** kept[i]: share of the rounds that kept at least i + 1 drafted tokens. Their sum is about {@link tau} - 1. */
  readonly kept: readonly number[]
  /** Share of the time of rounds that went into drafting. */
  readonly draftShare: number
  /** Share of the tokens that are not going round in circles, see {@link freshShare}. */
  readonly fresh: number
  /** Milliseconds of a round that are neither a pass of the target nor of the draft. */
  readonly overheadMs: number
  /** Milliseconds of drafting, for each drafted token, the first round aside. */
  readonly draftStepMs: number
  /** Milliseconds from the start to the end of the first round, median: reading the prompt. */
  readonly prefillMs: number
}

/**
 * @param runs Of one contender.
 * @param baseline The baseline's, on the same prompts in the same order.
 */
export function summarize(runs: readonly Run[], baseline?: readonly Run[]): Summary {
  const sum = (of: (run: Run) => number): number => runs.reduce((total, run) => total + of(run), 0)
  const stats = (of: (run: Run['result']['stats']) => number): number => sum((run) => of(run.result.stats))
  const accepted = sum((run) => run.origins.accepted)
  const refused = sum((run) => run.origins.corrected)
  const passes = stats(({ passes }) => passes)
  const drafted = stats(({ drafted }) => drafted)
  const ratios = baseline ? speedups(runs, baseline) : []
  return {
    runs: runs.length,
    tokensPerSecond: tokensPerSecond(runs),
    speedup: geometricMean(ratios),
    interval: bootstrapInterval(ratios),
    alpha: accepted / (accepted + refused),
    tau: stats(({ tokens }) => tokens) / passes,
    drafted: drafted / passes,
    kept: keptShares(runs.map(({ result }) => result.stats.acceptedPerRound)),
    draftShare: stats(({ draftMs }) => draftMs) / stats(({ decodeMs }) => decodeMs),
    fresh: freshShare(runs.map(({ result }) => result.tokens)),
    // A draft that was given up goes on in the background: then its passes take longer than drafting did.
    overheadMs:
      Math.max(0, stats(({ otherMs, draftMs }) => otherMs + draftMs) - sum((run) => run.draftForwardMs)) / passes,
    draftStepMs: stats(({ draftMs }) => draftMs) / drafted,
    prefillMs: median(runs.map((run) => run.prefillMs)),
  }
}

/** @param histograms How many rounds kept 0, 1, 2 … tokens. */
function keptShares(histograms: readonly (readonly number[])[]): number[] {
  const longest = Math.max(0, ...histograms.map(({ length }) => length))
  const counts = Array.from({ length: longest }, (_, kept) =>
    histograms.reduce((total, each) => total + (each[kept] ?? 0), 0),
  )
  const rounds = counts.reduce((total, count) => total + count, 0)
  let left = rounds
  return counts.slice(0, -1).map((count) => (left -= count) / rounds)
}

/** How many times faster each run was than the baseline's on the same prompt. Texts of a single round say nothing. */
export function speedups(runs: readonly Run[], baseline: readonly Run[]): number[] {
  return runs
    .map((run, i) => tokensPerSecond([run]) / tokensPerSecond([baseline[i]!]))
    .filter((ratio) => Number.isFinite(ratio) && ratio > 0)
}

export interface PredictionInput {
  readonly alpha: number
  readonly tau: number
  /** Drafted tokens per pass, on average. */
  readonly drafted: number
  /** The draft length, when every round drafts as many. */
  readonly gamma?: number | undefined
  /** T(n), in milliseconds. */
  readonly pass: (tokens: number) => number
  readonly draftStepMs: number
  readonly overheadMs: number
}

/**
 * The speed-up that acceptance and times allow. With a fixed draft length it follows from alpha alone; with one that
 * changes from round to round, from the tokens that came out of a pass and the mean length.
 */
export function predictSpeedup(input: PredictionInput): { readonly tokens: number; readonly speedup: number } {
  const { alpha, tau, drafted, gamma, pass, draftStepMs: draftStep, overheadMs: overhead } = input
  if (gamma !== undefined && alpha >= 0) {
    return {
      tokens: expectedTokens(alpha, gamma),
      speedup: measuredSpeedup({ alpha, gamma, draftStep, pass, overhead }),
    }
  }
  const drafting = drafted > 0 ? drafted * draftStep : 0
  return { tokens: tau, speedup: (tau * pass(1)) / (drafting + pass(drafted + 1) + overhead) }
}

/** What went wrong without harming the text, each message once. */
export function warningsOf(runs: readonly Run[]): string[] {
  return [
    ...new Set(
      runs.flatMap(({ contender, result }) => result.warnings.map(({ message }) => `${contender}: ${message}`)),
    ),
  ]
}
