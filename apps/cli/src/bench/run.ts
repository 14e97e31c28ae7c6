import type { GenerateOptions, LanguageModel } from '@foretoken/core'
import { Interrupted } from '../failure.js'
import { type Contender, type Heat, heat } from '../measure/contest.js'
import { tokensPerSecond } from '../measure/decode.js'
import { passCurve, type PassTime } from '../measure/pass-curve.js'
import type { TimedModel } from '../measure/timed.js'
import type { DraftingFlags } from '../options.js'
import { number } from '../terminal/format.js'
import { printLine, type Terminal } from '../terminal/terminal.js'
import { type Chosen, contendersOf, entrantsOf } from './open.js'
import type { Entrant } from './report.js'
import type { Schedule } from './schedule.js'

export interface BenchOptions {
  readonly model: LanguageModel
  /** Draft models, by file. */
  readonly drafts: ReadonlyMap<string, TimedModel>
  readonly chosen: readonly Chosen[]
  readonly drafting: DraftingFlags
  readonly plan: Schedule
  readonly generate: Pick<GenerateOptions, 'maxTokens' | 'temperature' | 'topK' | 'topP' | 'minP' | 'seed' | 'stop'>
}

export interface Measured {
  readonly heats: readonly Heat[]
  readonly entrants: readonly Entrant[]
  readonly curve: readonly PassTime[]
  /** Whether Ctrl-C ended it. */
  readonly interrupted: boolean
}

/** Measures the times of passes, then lets the configurations take turns on each prompt. */
export async function runBench(options: BenchOptions, terminal: Terminal): Promise<Measured> {
  const { model, plan } = options
  const { signal } = terminal
  const contenders = contendersOf(options.chosen, options.drafts, options.drafting)
  const context = model.tokenizer.encode(plan.warmUp.text, { start: true })
  const entrants = await entrantsOf(options.chosen, contenders, context, signal)
  const widths = [1, 2, 3, 4, 5, 6, 8, ...entrants.map(({ gamma }) => (gamma ?? 0) + 1)]
  const curve = await passCurve({ model, widths, context, patienceMs: 20_000, signal })

  const heats: Heat[] = []
  try {
    await runHeats(options, contenders, heats, terminal)
    return { heats, entrants, curve, interrupted: false }
  } catch (error) {
    if (!(error instanceof Interrupted) || heats.length === 0) throw error
    return { heats, entrants, curve, interrupted: true }
  }
}

async function runHeats(
  { model, plan, generate }: BenchOptions,
  contenders: readonly Contender[],
  heats: Heat[],
  terminal: Terminal,
): Promise<void> {
  const { signal } = terminal
  await heat({ model, contenders, prompt: plan.warmUp, index: 0, generate: { ...generate, maxTokens: 8 }, signal })
  for (const [round, prompts] of plan.rounds.entries()) {
    for (const prompt of prompts) {
      const done = await heat({ model, contenders, prompt, index: round, generate, signal })
      heats.push(done)
      const rates = done.runs.map((run) => `${run.contender} ${number(tokensPerSecond([run]))}`).join(', ')
      printLine(terminal.err, `round ${round + 1}/${plan.rounds.length} ${prompt.kind} ${prompt.id}: ${rates} tok/s`)
    }
  }
}
