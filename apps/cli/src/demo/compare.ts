import { draftModel, fixedLength, type LanguageModel, type LengthPolicy } from '@foretoken/core'
import { Interrupted } from '../failure.js'
import { type Contender, type Heat, heat } from '../measure/contest.js'
import { passCurve, passTime } from '../measure/pass-curve.js'
import { timed } from '../measure/timed.js'
import { builtInPrompts, type KindedPrompt } from '../models/prompts.js'
import { duration } from '../terminal/format.js'
import { paintFor, printLine, type Terminal } from '../terminal/terminal.js'
import { bestLength, cautiousAlpha, longest } from './choose-length.js'
import { explainForks } from './forks.js'
import { budgetSeconds, type DemoPlan, planDemo, shorten, warmUpTokens } from './plan.js'
import { type DemoMeasurements } from './report.js'
import { createShow } from './show.js'

/** Tokens of a prompt that are shown and read. */
const promptTokens = 64

export interface CompareOptions {
  readonly target: LanguageModel
  readonly draft: LanguageModel
  /** Default: the fixed length that the measured times make the best. */
  readonly length?: LengthPolicy | undefined
  readonly rounds?: number | undefined
  readonly maxTokens?: number | undefined
}

/** Measures the times of passes, then lets both ways of decoding take turns, for all to see. */
export async function compare(
  options: CompareOptions,
  terminal: Terminal,
): Promise<Omit<DemoMeasurements, 'note'> & { interrupted: boolean }> {
  const { target } = options
  const { signal } = terminal
  const say = (text: string): void => printLine(terminal.err, paintFor(terminal, 'err').dim(text))
  const draft = timed(options.draft)
  say(`target  ${target.description}`)
  say(`draft   ${draft.description}`)

  const tokensOf = (text: string): readonly number[] => target.tokenizer.encode(text, { start: true })
  const prompts = (await builtInPrompts(['code'])).map((prompt) => ({
    ...prompt,
    text: shorten(prompt.text, promptTokens, (text) => tokensOf(text).length),
  }))
  const context = tokensOf(prompts[0]!.text)
  const wish = options.length?.gamma
  const widths = wish === undefined ? [1, 2, 3, 5, 8, longest + 1] : [1, 2, wish + 1]
  const curve = await passCurve({ model: target, widths, context, patienceMs: 6000, signal })
  const draftCurve = await passCurve({
    model: draft,
    widths: [1, 2],
    context,
    repetitions: 15,
    patienceMs: 2000,
    signal,
  })
  const stepMs = passTime(draftCurve, 1)
  say(`T(1) ${duration(curve[0]!.ms)}, a draft step ${duration(stepMs)}`)

  const strategy = draftModel({ model: draft })
  const pair = (length: LengthPolicy): Contender[] => [
    { name: 'plain' },
    { name: 'speculative', strategy, length, draft },
  ]
  // The last prompt warms both up and does not count; it also says how much of a draft is accepted.
  const warmUp = await heat({
    model: target,
    contenders: pair(options.length ?? fixedLength(6)),
    prompt: prompts.at(-1)!,
    index: 0,
    generate: { maxTokens: warmUpTokens(curve[0]!.ms) },
    sharePrompt: true,
    signal,
  })
  const alpha = cautiousAlpha(warmUp.runs[1]!.origins)
  const best = bestLength({ alpha, draftStepMs: stepMs, pass: (tokens) => passTime(curve, tokens) })
  const length = options.length ?? fixedLength(best)
  const gamma = length?.gamma

  const plan = planDemo(options, curve[0]!.ms)
  const chosen = options.length ? length.name : `${best} tokens, the best length for these times`
  say(`draft: ${chosen}; ${plan.pairs} pairs of up to ${plan.maxTokens} tokens\n`)
  const untilMs = options.rounds === undefined ? performance.now() + 1000 * budgetSeconds : Infinity
  const { heats, interrupted } = await runPairs(target, pair(length), prompts.slice(0, -1), plan, untilMs, terminal)

  const texts = new Map(prompts.map(({ id, text }) => [id, text]))
  // Who presses Ctrl-C does not want to wait for explanations.
  const forks = interrupted ? [] : await explainForks(target, heats, texts, (gamma ?? 7) + 1, signal)
  const about = { target: target.description, draft: draft.description, length: length.name, gamma }
  return { ...about, heats, curve, draftCurve, forks, interrupted }
}

async function runPairs(
  model: LanguageModel,
  contenders: readonly Contender[],
  prompts: readonly KindedPrompt[],
  plan: DemoPlan,
  untilMs: number,
  terminal: Terminal,
): Promise<{ heats: Heat[]; interrupted: boolean }> {
  const { signal } = terminal
  const show = createShow(terminal)
  const heats: Heat[] = []
  const common = { model, contenders, sharePrompt: true, signal }
  try {
    // No prompt comes twice.
    for (const [index, prompt] of prompts.slice(0, plan.pairs).entries()) {
      // Only after whole rounds: each order of the two has come as often as the other.
      if (index > 0 && index % 2 === 0 && performance.now() > untilMs) break
      show.begin(`${index + 1}/${plan.pairs} ${prompt.id}`, prompt.text)
      const done = await heat({
        ...common,
        prompt,
        index,
        generate: { maxTokens: plan.maxTokens },
        onEvent: show.event,
      })
      show.end(done)
      heats.push(done)
    }
  } catch (error) {
    if (!(error instanceof Interrupted) || heats.length === 0) throw error
    return { heats, interrupted: true }
  }
  return { heats, interrupted: false }
}
