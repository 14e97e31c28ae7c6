import {
  automaticLength,
  bestGamma,
  draftModel,
  fixedLength,
  type LanguageModel,
  type LengthPolicy,
} from '@foretoken/core'
import { timeLeft } from '../bench/time-left.js'
import type { Schedule } from '../bench/schedule.js'
import { cautiousAlpha } from '../demo/choose-length.js'
import { type ExplainedFork, explainForks } from '../demo/forks.js'
import { shorten, warmUpTokens } from '../demo/plan.js'
import { Interrupted } from '../failure.js'
import { type Contender, type Heat, heat } from '../measure/contest.js'
import { tokensPerSecond } from '../measure/decode.js'
import { passCurve, passTime, type PassTime } from '../measure/pass-curve.js'
import { timed, type TimedModel } from '../measure/timed.js'
import type { KindedPrompt } from '../models/prompts.js'
import { duration, number } from '../terminal/format.js'
import { paintFor, printLine, type Terminal } from '../terminal/terminal.js'

/** The longest draft that the formula is asked about: later passes were not measured. */
const longest = 8
/** Of a prompt: a large model on a CPU reads slowly. */
const promptTokens = 64

export interface ReplayOptions {
  readonly target: LanguageModel
  readonly draft: LanguageModel
  readonly plan: Schedule
  readonly maxTokens: number
}

/** One prompt, decoded in every way. */
export interface ReplayHeat {
  /** The target alone, with automatic drafts, and with drafts of `gamma` tokens. */
  readonly target: Heat
  /** The draft model alone. */
  readonly draft: Heat
}

export interface ReplayMeasured {
  /** The draft length that theory gives. */
  readonly gamma: number
  readonly heats: readonly ReplayHeat[]
  /** T(n) of the target. */
  readonly curve: readonly PassTime[]
  /** Time of a step of the draft, in milliseconds. */
  readonly draftStepMs: number
  readonly forks: readonly ExplainedFork[]
  /** Whether Ctrl-C ended it. */
  readonly interrupted: boolean
}

/** Measures the times of passes, then lets target, draft and both together take turns on code. */
export async function measureReplay(options: ReplayOptions, terminal: Terminal): Promise<ReplayMeasured> {
  const { target, plan } = options
  const { signal } = terminal
  const draft = timed(options.draft)
  const warmUp = shortened(plan.warmUp, target)
  const prompts = plan.rounds.flat().map((prompt) => shortened(prompt, target))

  const context = target.tokenizer.encode(warmUp.text, { start: true })
  const widths = [1, 2, 3, 4, 5, 7, longest + 1]
  const curve = await passCurve({ model: target, widths, context, patienceMs: 20_000, signal })
  const steps = await passCurve({ model: draft, widths: [1], context, repetitions: 15, patienceMs: 5000, signal })
  const [stepMs, passMs] = [passTime(steps, 1), passTime(curve, 1)]
  const c = stepMs / passMs

  const [automatic, fixed] = [draftModel({ model: draft }), draftModel({ model: draft })]
  const contenders = (length: LengthPolicy): Contender[] => [
    { name: 'alone' },
    { name: 'automatic', strategy: automatic, length: automaticLength(), draft },
    { name: `gamma ${length.max}`, strategy: fixed, length, draft },
  ]
  const generate = { maxTokens: warmUpTokens(passMs), temperature: 0 }
  const common = { sharePrompt: true, generate, signal }
  // It does not count, but it says how much of a draft is accepted.
  const first = await heat({
    ...common,
    model: target,
    contenders: contenders(fixedLength(6)),
    prompt: warmUp,
    index: 0,
  })
  const alpha = cautiousAlpha(first.runs[2]!.origins)
  const gamma = Math.max(1, bestGamma({ alpha, c, max: longest }))
  const times = `T(1) ${duration(passMs)}, a draft step ${duration(stepMs)}, alpha about ${number(alpha)}`
  printLine(terminal.err, paintFor(terminal, 'err').dim(`${times}: theory drafts ${gamma}`))

  const { heats, interrupted } = await runAll(options, draft, contenders(fixedLength(gamma)), prompts, terminal)
  // Who presses Ctrl-C does not want to wait for explanations.
  const forks = interrupted ? [] : await forksOf(target, heats, prompts, gamma, signal)
  return { gamma, heats, curve, draftStepMs: stepMs, forks, interrupted }
}

function shortened(prompt: KindedPrompt, { tokenizer }: LanguageModel): KindedPrompt {
  const length = (text: string): number => tokenizer.encode(text, { start: true }).length
  return { ...prompt, text: shorten(prompt.text, promptTokens, length) }
}

async function runAll(
  { target, maxTokens }: ReplayOptions,
  draft: TimedModel,
  contenders: readonly Contender[],
  prompts: readonly KindedPrompt[],
  terminal: Terminal,
): Promise<{ heats: ReplayHeat[]; interrupted: boolean }> {
  const { signal } = terminal
  const heats: ReplayHeat[] = []
  const started = performance.now()
  try {
    for (const [index, prompt] of prompts.entries()) {
      const common = { prompt, index, generate: { maxTokens, temperature: 0 }, sharePrompt: true, signal }
      const alone = () => heat({ ...common, model: draft, contenders: [{ name: 'draft' }] })
      // The draft alone comes first and last by turns, as the others do.
      const before = index % 2 === 0 ? undefined : await alone()
      const done = await heat({ ...common, model: target, contenders })
      const of = { target: done, draft: before ?? (await alone()) }
      heats.push(of)
      const rates = [...done.runs, ...of.draft.runs].map((run) => `${run.contender} ${number(tokensPerSecond([run]))}`)
      const left = timeLeft(heats.length, prompts.length, performance.now() - started)
      printLine(terminal.err, `${heats.length}/${prompts.length} ${prompt.id}: ${rates.join(', ')} tok/s${left}`)
    }
  } catch (error) {
    if (!(error instanceof Interrupted) || heats.length === 0) throw error
    return { heats, interrupted: true }
  }
  return { heats, interrupted: false }
}

async function forksOf(
  model: LanguageModel,
  heats: readonly ReplayHeat[],
  prompts: readonly KindedPrompt[],
  gamma: number,
  signal: AbortSignal,
): Promise<ExplainedFork[]> {
  const texts = new Map(prompts.map(({ id, text }) => [id, text]))
  // Each way of speculating beside plain decoding.
  const pairs = heats.flatMap(({ target }) =>
    target.runs.slice(1).map((run) => ({ ...target, runs: [target.runs[0]!, run] })),
  )
  return explainForks(model, pairs, texts, gamma + 1, signal)
}
