import { readFile } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'
import { type PromptKind, promptKinds, prompts } from '@foretoken/demo-models'

export interface KindedPrompt {
  readonly id: string
  readonly kind: string
  readonly text: string
  /** What the answer is expected to be much like, where a caller would know. */
  readonly prediction?: string
}

/** Prompts that come with the demo models, of some kinds. */
export async function builtInPrompts(kinds: readonly string[]): Promise<KindedPrompt[]> {
  const unknown = kinds.find((kind) => !promptKinds.includes(kind as PromptKind))
  if (unknown !== undefined) {
    throw new ForetokenError(
      'invalid-argument',
      `There are no prompts of the kind ${unknown}: use ${promptKinds.join(', ')}.`,
    )
  }
  const lists = kinds.map(async (kind) =>
    (await prompts(kind as PromptKind)).map(({ id, text, prediction }) => ({
      id,
      kind,
      text,
      ...(prediction !== undefined && { prediction }),
    })),
  )
  return (await Promise.all(lists)).flat()
}

/**
 * Prompts from a JSON file: an array of texts, or of `{ text, id?, kind?, prediction? }`.
 *
 * @throws `invalid-argument`
 */
export async function promptsFrom(file: string): Promise<KindedPrompt[]> {
  let parsed: unknown
  try {
    parsed = JSON.parse(await readFile(file, 'utf8'))
  } catch (cause) {
    throw new ForetokenError(
      'invalid-argument',
      `The prompts in ${file} cannot be read: ${(cause as Error).message}.`,
      { cause },
    )
  }
  const found = Array.isArray(parsed) ? parsed.map((entry, i) => asPrompt(entry as unknown, i)) : []
  if (found.length === 0 || found.includes(undefined)) {
    throw new ForetokenError(
      'invalid-argument',
      `${file} must hold a JSON array of texts, or of { "text", "id", "kind", "prediction" }.`,
    )
  }
  return found as KindedPrompt[]
}

function asPrompt(entry: unknown, index: number): KindedPrompt | undefined {
  const {
    text,
    id = `prompt-${index + 1}`,
    kind = 'own',
    prediction,
  } = (typeof entry === 'string' ? { text: entry } : (entry ?? {})) as Partial<Record<keyof KindedPrompt, unknown>>
  if (typeof text !== 'string' || text === '') return undefined
  if (prediction !== undefined && typeof prediction !== 'string') return undefined
  return { id: String(id), kind: String(kind), text, ...(prediction !== undefined && { prediction }) }
}
