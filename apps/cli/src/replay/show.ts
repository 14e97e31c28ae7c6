import { basename } from 'node:path'
import type { BarPlot } from '../plot/bars.js'
import { duration, number, plural, times, timesWithin } from '../terminal/format.js'
import type { Paint } from '../terminal/paint.js'
import { table } from '../terminal/table.js'
import { founding } from './founding.js'
import type { ReplayReport } from './report.js'

const unknown = '–'
const foundingSpeedup = founding.speculativeTokensPerSecond / founding.tokensPerSecond
const bandwidthNote = 'Bandwidth: bytes of the weights x tokens/s of the target alone.'
const intervalNote = 'Speed-up: geometric mean over the prompts, with its 95 % bootstrap interval.'
const freshNote =
  'Fresh: not going round in circles. Small models that decode greedily do, and circles are easy to foresee.'

/** Then and now, side by side, for people. */
export function replayLines(report: ReplayReport, paint: Paint): string[] {
  const { passes } = report
  const ratios = passes.map(({ width, relative }) => `n=${width}: ${number(relative)}`).join('   ')
  return [
    ...table([{ title: '' }, { title: '2023' }, { title: 'here' }], rowsOf(report, paint), paint),
    '',
    `predicted  ${formulaOf(report)}`,
    `T(n)/T(1)  ${ratios}   (T(1) ${duration(passes[0]!.ms)})`,
    ...report.forks.map((fork) => forkLine(fork, paint)),
    ...report.warnings.map((warning) => paint.yellow(`warning: ${warning}`)),
    ...[intervalNote, bandwidthNote, freshNote, ...report.notes].map((line) => paint.dim(line)),
  ]
}

function rowsOf(report: ReplayReport, paint: Paint): [name: string, then: string, here: string][] {
  const { target, draft, automatic, fixed } = report
  const bandwidth = founding.weightBytes * founding.tokensPerSecond
  return [
    ['machine', founding.machine, machineOf(report)],
    ['target', founding.target, titleOf(target)],
    ['draft', founding.draft, titleOf(draft)],
    ['target alone, tok/s', String(founding.tokensPerSecond), number(target.tokensPerSecond)],
    ['draft alone, tok/s', `about ${founding.draftTokensPerSecond}`, number(draft.tokensPerSecond)],
    ['c, time of a draft step over a target step', String(founding.c), report.c.toFixed(3)],
    ['with speculation, tok/s', `over ${founding.speculativeTokensPerSecond}`, rate(automatic)],
    ['  speed-up', `over ${foundingSpeedup}x`, paint.bold(speedup(automatic))],
    ['  tokens per target pass (tau)', unknown, number(automatic.tau)],
    [`with drafts of ${plural(fixed.gamma, 'token')}, tok/s`, unknown, rate(fixed)],
    ['  speed-up', unknown, paint.bold(speedup(fixed))],
    ['  predicted by alpha, c and T(n)', unknown, times(fixed.predicted)],
    ['  alpha', unknown, number(fixed.alpha)],
    ['  tokens per target pass (tau)', unknown, number(fixed.tau)],
    ['memory read per token, target alone', gigabytes(founding.weightBytes), gigabytes(target.weightBytes)],
    ['  implied bandwidth', `${gigabytes(bandwidth)}/s`, `${gigabytes(target.bytesPerSecond)}/s`],
    ['identical texts', unknown, `${report.identical} of ${report.texts}`],
    ['fresh text', unknown, `${Math.round(100 * report.fresh)} %`],
  ]
}

/** Speed-ups then and now: the rates themselves differ by what the machines differ by. */
export function replayPlot(report: ReplayReport): BarPlot {
  const { target, draft, automatic, fixed } = report
  const fixedName = `drafts of ${plural(fixed.gamma, 'token')}`
  const exact = { low: NaN, high: NaN }
  const bar = (series: string, { speedup: value, interval }: ReplayReport['automatic']) => ({
    series,
    value,
    ...interval,
  })
  return {
    title: 'The founding experiment, 2023 and here',
    subtitle: `${titleOf(target)} with ${titleOf(draft)}; ${machineOf(report)}`,
    axis: 'times as fast as the target alone',
    reference: 1,
    series: ['automatic drafts', fixedName, 'reported'],
    notes: [
      `2023: ${founding.target} with ${founding.draft} on ${founding.machine}, over ${founding.speculativeTokensPerSecond} tok/s.`,
      intervalNote,
      ...report.notes,
    ],
    rows: [
      {
        groups: [
          {
            label: `2023: ${founding.tokensPerSecond} tok/s alone`,
            bars: [{ series: 'reported', value: foundingSpeedup, ...exact }],
          },
          {
            label: `here: ${number(target.tokensPerSecond)} tok/s alone`,
            bars: [bar('automatic drafts', automatic), bar(fixedName, fixed)],
          },
        ],
      },
    ],
  }
}

function formulaOf({ fixed, passes, draftStepMs }: ReplayReport): string {
  const { gamma, expectedTokens, passMs, overheadMs } = fixed
  const round = `${gamma} x ${duration(draftStepMs)} + T(${gamma + 1}) ${duration(passMs)} + ${duration(overheadMs)}`
  return `${times(fixed.predicted)} = ${number(expectedTokens)} tokens x T(1) ${duration(passes[0]!.ms)} / (${round})`
}

function forkLine({ prompt, position, margin, rounding, verdict }: ReplayReport['forks'][number], paint: Paint) {
  const label = verdict === 'bug' ? paint.red('BUG') : paint.yellow('near-tie')
  return `${label}: ${prompt} forks at token ${position + 1}; the two tokens' logits differ by ${number(margin)}, passes of different width by up to ${number(rounding)}`
}

/** A GPU has its own name; a CPU is just one to the runtime. */
function machineOf({ target, machine }: ReplayReport): string {
  return target.device.startsWith('CPU') ? `${machine.processor}, ${target.device}` : target.device
}

function titleOf({ name, path, quantization }: ReplayReport['target']): string {
  const title = name ?? basename(path)
  return title.includes(quantization) ? title : `${title} ${quantization}`
}

function rate({ tokensPerSecond }: ReplayReport['automatic']): string {
  return number(tokensPerSecond)
}

function speedup({ speedup: mean, interval }: ReplayReport['automatic']): string {
  return timesWithin(mean, interval)
}

function gigabytes(value: number): string {
  return `${number(value / 1e9)} GB`
}
