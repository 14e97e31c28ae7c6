import { readFile } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'

/**
 * What the prompts are about.
 *
 * - `code`: source text to go on with.
 * - `prose`: texts about programming.
 * - `edits`: a function, and the start of the same function with a name changed.
 * - `chat`: dialogues about programming, written out as plain text.
 * - `json`: documents to be gone on with: configurations, answers of an API, records.
 * - `copy`: something, and the start of the same in another form: JavaScript as TypeScript, a table as a list.
 */
export const promptKinds = ['code', 'prose', 'edits', 'chat', 'json', 'copy'] as const

export type PromptKind = (typeof promptKinds)[number]

export interface Prompt {
  /** Unique among the prompts of its kind. */
  readonly id: string
  readonly text: string
  /**
   * What a program that asks this has at hand, and what the answer will be much like: the rest of the text before the
   * edit. Absent where nothing of the kind would be at hand.
   */
  readonly prediction?: string
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
