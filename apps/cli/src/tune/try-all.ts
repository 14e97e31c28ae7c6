import type { LanguageModel } from '@foretoken/core'
import { chooseStrategy } from '../strategy/resolve.js'
import { type Trial, tryStrategy } from './trial.js'

/** Lets each strategy that needs no file draft along the texts. */
export async function tryAll(
  draft: LanguageModel | undefined,
  on: Parameters<typeof tryStrategy>[1],
): Promise<{ name: string; trial: Trial }[]> {
  const names = [...(draft ? ['draft-model'] : []), 'suffix', 'prompt-lookup', 'recycling']
  const trials: { name: string; trial: Trial }[] = []
  for (const name of names) {
    const chosen = await chooseStrategy(name, { hasDraft: draft !== undefined })
    trials.push({ name, trial: await tryStrategy(chosen.create(draft)!, on) })
  }
  return trials
}
