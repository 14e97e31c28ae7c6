import type { LlamaModel } from '@foretoken/backend-llama'
import { commandLine, machine } from '../bench/machine.js'
import type { Heat } from '../measure/contest.js'
import { findFork } from '../measure/fork.js'
import { passTime } from '../measure/pass-curve.js'
import { predictSpeedup, summarize, warningsOf } from '../measure/summary.js'
import { costNote, founding } from './founding.js'
import type { ReplayMeasured } from './measure.js'

/** What there is to know of a model that took part. */
export type ReplayModel = Pick<LlamaModel, 'description' | 'device'> & {
  readonly info: Pick<LlamaModel['info'], 'path' | 'name' | 'quantization' | 'weightBytes'>
}

export interface ReplayAbout {
  readonly target: ReplayModel
  readonly draft: ReplayModel
  /** What the models are, when they are not what they seem. */
  readonly note: string | undefined
}

/** Everything that the replay found out, as data. */
export function replayReport(measured: ReplayMeasured, { target, draft, note }: ReplayAbout) {
  const { heats, curve, draftStepMs, gamma, forks } = measured
  const [plain, automatic, fixed] = [0, 1, 2].map((i) => heats.map((heat) => heat.target.runs[i]!))
  const [alone, drafting] = [summarize(plain!), summarize(heats.map((heat) => heat.draft.runs[0]!))]
  const pass = (tokens: number): number => passTime(curve, tokens)
  const c = draftStepMs / pass(1)
  const ofFixed = summarize(fixed!, plain)
  const predicted = predictSpeedup({ ...ofFixed, gamma, pass, draftStepMs })
  return {
    command: commandLine(process.argv.slice(2)),
    date: new Date().toISOString(),
    machine: machine(),
    founding,
    target: about(target, alone.tokensPerSecond),
    draft: about(draft, drafting.tokensPerSecond),
    c,
    draftStepMs,
    passes: curve.map((point) => ({ ...point, relative: point.ms / pass(1) })),
    automatic: summarize(automatic!, plain),
    fixed: {
      gamma,
      ...ofFixed,
      expectedTokens: predicted.tokens,
      predicted: predicted.speedup,
      /** T(gamma + 1), in milliseconds. */
      passMs: pass(gamma + 1),
    },
    fresh: alone.fresh,
    texts: 2 * heats.length,
    identical: heats.flatMap(({ target: { runs } }) => runs.slice(1).filter((run) => same(runs[0]!, run))).length,
    forks,
    notes: [costNote(c), note].filter((each) => each !== undefined),
    warnings: warningsOf(heats.flatMap((heat) => heat.target.runs)),
    interrupted: measured.interrupted,
    runs: heats.flatMap((heat) => [...runsOf(heat.target), ...runsOf(heat.draft)]),
  }
}

export type ReplayReport = ReturnType<typeof replayReport>

function about({ description, device, info }: ReplayModel, tokensPerSecond: number) {
  const { path, name, quantization, weightBytes } = info
  // Plain decoding reads all weights for each token.
  const bytesPerSecond = weightBytes * tokensPerSecond
  return { description, device, path, name, quantization, weightBytes, tokensPerSecond, bytesPerSecond }
}

function same(plain: Heat['runs'][number], other: Heat['runs'][number]): boolean {
  return findFork(plain.result.tokens, other.result.tokens) === undefined
}

function runsOf({ prompt, runs }: Heat) {
  return runs.map(({ contender, tokens, ms, prefillMs, result }) => ({
    prompt,
    contender,
    tokens,
    ms,
    prefillMs,
    text: result.text,
    stats: result.stats,
  }))
}
