import type { Heat } from '../measure/contest.js'
import { findFork } from '../measure/fork.js'
import { passTime, type PassTime } from '../measure/pass-curve.js'
import { predictSpeedup, summarize, warningsOf } from '../measure/summary.js'
import { duration, number, times, timesWithin } from '../terminal/format.js'
import type { Paint } from '../terminal/paint.js'
import { facts, table } from '../terminal/table.js'
import type { ExplainedFork } from './forks.js'

export interface DemoMeasurements {
  readonly target: string
  readonly draft: string
  readonly length: string
  /** Tokens drafted in each round, when that is fixed. */
  readonly gamma: number | undefined
  readonly heats: readonly Heat[]
  readonly curve: readonly PassTime[]
  /** The draft's own passes, over one token and over two. */
  readonly draftCurve: readonly PassTime[]
  readonly forks: readonly ExplainedFork[]
  /** What the models are, when they are not what they seem. */
  readonly note: string | undefined
}

/** Everything that the demo found out, as data. */
export function demoReport(measured: DemoMeasurements) {
  const { heats, curve, draftCurve, gamma, forks } = measured
  const plain = heats.map((heat) => heat.runs[0]!)
  const speculative = heats.map((heat) => heat.runs[1]!)
  const baseline = summarize(plain)
  const summary = summarize(speculative, plain)
  const pass = (tokens: number): number => passTime(curve, tokens)
  const draftStepMs = draftStep(draftCurve, summary.alpha, gamma)
  const predicted = predictSpeedup({ ...summary, gamma, pass, draftStepMs })
  return {
    target: measured.target,
    draft: measured.draft,
    length: measured.length,
    note: measured.note,
    pairs: heats.length,
    plain: { tokensPerSecond: baseline.tokensPerSecond, prefillMs: baseline.prefillMs },
    speculative: { tokensPerSecond: summary.tokensPerSecond, prefillMs: summary.prefillMs },
    speedup: { mean: summary.speedup, ...summary.interval },
    predicted: predicted.speedup,
    expectedTokens: predicted.tokens,
    alpha: summary.alpha,
    tau: summary.tau,
    c: draftStepMs / pass(1),
    draftStepMs,
    overheadMs: summary.overheadMs,
    passes: curve.map((point) => ({ ...point, relative: point.ms / pass(1) })),
    identical: heats.filter(({ runs: [a, b] }) => !findFork(a!.result.tokens, b!.result.tokens)).length,
    forks,
    warnings: warningsOf(speculative),
    runs: heats.map(({ prompt, runs }) => ({
      prompt,
      runs: runs.map(({ contender, tokens, ms, result }) => ({
        contender,
        tokens,
        ms,
        text: result.text,
        stats: result.stats,
      })),
    })),
  }
}

/**
 * Milliseconds of drafting for each drafted token. A draft that was accepted whole, which happens with probability
 * alpha^gamma, leaves its last token to be read together with the bonus: the next draft then begins with a pass over two.
 */
function draftStep(curve: readonly PassTime[], alpha: number, gamma: number | undefined): number {
  const one = passTime(curve, 1)
  return gamma === undefined || !(alpha >= 0) ? one : one + (alpha ** gamma / gamma) * (passTime(curve, 2) - one)
}

export type DemoReport = ReturnType<typeof demoReport>

/** The same for people. */
export function demoLines(report: DemoReport, gamma: number | undefined, paint: Paint): string[] {
  const { plain, speculative, speedup, passes } = report
  const pass = (tokens: number): number => passTime(passes, tokens)
  const formula =
    gamma === undefined
      ? ''
      : `  = ${number(report.expectedTokens)} tokens x T(1) ${duration(pass(1))} / ` +
        `(${gamma} x ${duration(report.draftStepMs)} + T(${gamma + 1}) ${duration(pass(gamma + 1))} + ${duration(report.overheadMs)})`
  return [
    ...table(
      [{ title: '' }, { title: 'plain' }, { title: 'speculative' }, { title: 'speed-up' }],
      [
        [
          'tokens/s',
          number(plain.tokensPerSecond),
          number(speculative.tokensPerSecond),
          paint.bold(times(speedup.mean)),
        ],
        ['tokens per target pass (tau)', '1.00', number(report.tau), ''],
      ],
      paint,
    ),
    '',
    ...facts(
      [
        [
          'speed-up',
          `${timesWithin(speedup.mean, speedup)}  geometric mean and 95 % interval over ${report.pairs} pairs`,
        ],
        ['predicted', `${times(report.predicted)}${formula}`],
        [
          'alpha',
          `${number(report.alpha)}  of the drafted tokens that were judged, accepted (draft: ${report.length})`,
        ],
        ['c', `${number(report.c)}  time of a draft step over time of a target step`],
        [
          'T(n)/T(1)',
          passes
            .slice(1)
            .map(({ width, relative }) => `n=${width}: ${number(relative)}`)
            .join('   '),
        ],
        ['text', sameness(report, paint)],
        ['target', report.target],
        ['draft', report.draft],
      ],
      paint,
    ),
    ...(speedup.high > 1.5 * speedup.low ? [paint.yellow(unsteady)] : []),
    ...report.warnings.map((warning) => paint.yellow(`warning: ${warning}`)),
    ...(report.note ? ['', paint.dim(report.note)] : []),
  ]
}

const unsteady =
  'The pairs differ widely, so the figures say little: does something else keep this machine busy? Try again, or more --rounds.'

function sameness({ pairs, identical, forks }: DemoReport, paint: Paint): string {
  const head = `${identical === pairs ? paint.green('identical') : 'identical'} in ${identical} of ${pairs} pairs`
  const lines = forks.map(({ prompt, position, margin, rounding, verdict }) => {
    const label = verdict === 'bug' ? paint.red('BUG') : paint.yellow('near-tie')
    return `${label}: ${prompt} forks at token ${position + 1}; the two tokens' logits differ by ${number(margin)}, passes of different width by up to ${number(rounding)}`
  })
  return [head, ...lines].join('\n')
}
