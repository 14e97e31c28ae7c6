import type { GenerateOptions } from '@foretoken/core'
import { decode } from '../measure/decode.js'
import type { KindedPrompt } from '../models/prompts.js'
import type { Schedule } from './schedule.js'

/** One line in so many is edited. */
const every = 8

/**
 * Predictions that fit a model which cannot follow an instruction, as the demo target: the file after the edit is what it
 * says by itself, and the file before the edit is that text with one line in eight changed. So `prediction` is measured on
 * text that is like its prediction to a known degree. What is written is greedy; at other temperatures it fits less.
 *
 * @param options `model` need only say what the measured one says: the demo target as it is, for its inflations.
 */
export async function withOwnEdits(
  plan: Schedule,
  options: Pick<GenerateOptions, 'model' | 'minTokens' | 'maxTokens' | 'signal'>,
): Promise<Schedule> {
  const edited = async (prompt: KindedPrompt): Promise<KindedPrompt> => {
    if (prompt.prediction === undefined) return prompt
    const { result } = await decode({ ...options, prompt: prompt.text })
    return { ...prompt, prediction: beforeEdit(result.text) }
  }
  const rounds: KindedPrompt[][] = []
  for (const prompts of plan.rounds) {
    const round: KindedPrompt[] = []
    for (const prompt of prompts) round.push(await edited(prompt))
    rounds.push(round)
  }
  return { warmUp: await edited(plan.warmUp), rounds }
}

/** The text with every eighth line changed: in turn a name in it replaced, and the line left out. */
export function beforeEdit(text: string): string {
  return text
    .split('\n')
    .flatMap((line, i) => {
      if (i % every !== every / 2) return [line]
      return i % (2 * every) === every / 2 ? [line.replace(/[A-Za-z_]\w*(?=\W*$)/, 'before')] : []
    })
    .join('\n')
}
