import { readFile } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'

/** What the prompts are about: source text to go on with, prose about programming, and text that quotes its input. */
export const promptKinds = ['code', 'prose', 'edits'] as const

export type PromptKind = (typeof promptKinds)[number]

export interface Prompt {
  /** Unique among the prompts of its kind. */
  readonly id: string
  readonly text: string
  /** Where the text comes from, when it is not our own. */
  readonly source?: string
}

/**
 * The prompts of one kind that come with the package. None of them is in what the models were trained on.
 *
 * @throws `invalid-argument` when there is no such kind.
 */
export async function prompts(kind: PromptKind): Promise<readonly Prompt[]> {
  if (!promptKinds.includes(kind)) {
    throw new ForetokenError(
      'invalid-argument',
      `There are no prompts of the kind ${kind}: use ${promptKinds.join(', ')}`,
    )
  }
  return JSON.parse(await readFile(new URL(`../prompts/${kind}.json`, import.meta.url), 'utf8')) as Prompt[]
}
