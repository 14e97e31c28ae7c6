import type { GenerateOptions, LanguageModel } from '@foretoken/core'
import { Interrupted } from '../failure.js'
import { type Contender, heat } from '../measure/contest.js'
import { tokensPerSecond } from '../measure/decode.js'
import { passCurve } from '../measure/pass-curve.js'
import type { TimedModel } from '../measure/timed.js'
import type { DraftingFlags } from '../options.js'
import { number } from '../terminal/format.js'
import { printLine, type Terminal } from '../terminal/terminal.js'
import { type Chosen, contendersOf, draftCurves, entrantsOf } from './open.js'
import type { BenchHeat, Entrant, ModelCurve } from './report.js'
import type { Schedule } from './schedule.js'
import { timeLeft } from './time-left.js'

export interface BenchOptions {
  readonly model: LanguageModel
  /** Draft models, by file. */
  readonly drafts: ReadonlyMap<string, TimedModel>
  readonly chosen: readonly Chosen[]
  readonly drafting: DraftingFlags
  readonly plan: Schedule
  readonly temperatures: readonly number[]
  /** The same for all. */
  readonly generate: Partial<GenerateOptions> & { readonly seed: number }
}

export interface Measured {
  readonly heats: readonly BenchHeat[]
  readonly entrants: readonly Entrant[]
  /** The target's first. */
  readonly curves: readonly ModelCurve[]
  /** Whether Ctrl-C ended it. */
  readonly interrupted: boolean
}

const widths = [1, 2, 3, 4, 5, 6, 8, 12, 16]

/** Measures the times of passes, then lets the configurations take turns on each prompt. */
export async function runBench(options: BenchOptions, terminal: Terminal): Promise<Measured> {
  const { model, plan, chosen, drafts, drafting } = options
  const { signal } = terminal
  const context = model.tokenizer.encode(plan.warmUp.text, { start: true })
  const curve = await passCurve({ model, widths, context, patienceMs: 20_000, signal })
  const ofDrafts = await draftCurves(drafts, { widths, context, signal })
  const curves = [{ model: model.description, passes: curve }, ...ofDrafts]
  const entrants = entrantsOf(chosen, drafting, new Map([...drafts.keys()].map((file, i) => [file, ofDrafts[i]!])))

  const heats: BenchHeat[] = []
  try {
    await runHeats(options, heats, terminal)
    return { heats, entrants, curves, interrupted: false }
  } catch (error) {
    if (!(error instanceof Interrupted) || heats.length === 0) throw error
    return { heats, entrants, curves, interrupted: true }
  }
}

async function runHeats(
  { model, plan, temperatures, generate, chosen, drafts, drafting }: BenchOptions,
  heats: BenchHeat[],
  terminal: Terminal,
): Promise<void> {
  const { signal } = terminal
  // The same prompts at each temperature, but strategies that have not seen them: some remember.
  const sides = temperatures.map((temperature) => ({
    temperature,
    contenders: contendersOf(chosen, drafts, drafting) as readonly Contender[],
  }))
  const once = (prompt: Schedule['warmUp'], side: (typeof sides)[number], index: number, maxTokens?: number) =>
    heat({
      model,
      contenders: side.contenders,
      prompt,
      index,
      // A seed by itself would choose the verifier whose text depends on nothing else, and accept less.
      generate: {
        verifier: side.temperature > 0 ? ('block' as const) : undefined,
        ...generate,
        temperature: side.temperature,
        ...(maxTokens !== undefined && { maxTokens }),
      },
      sharePrompt: true,
      signal,
    })

  for (const side of sides) await once(plan.warmUp, side, 0, 8)
  const started = performance.now()
  const total = plan.rounds.flat().length * sides.length
  for (const [round, prompts] of plan.rounds.entries()) {
    for (const prompt of prompts) {
      for (const side of sides) {
        const done = await once(prompt, side, round)
        heats.push({ ...done, temperature: side.temperature })
        const rates = done.runs.map((run) => `${run.contender} ${number(tokensPerSecond([run]))}`).join(', ')
        const left = timeLeft(heats.length, total, performance.now() - started)
        printLine(terminal.err, `${heats.length}/${total} ${prompt.id} T ${side.temperature}: ${rates} tok/s${left}`)
      }
    }
  }
}
