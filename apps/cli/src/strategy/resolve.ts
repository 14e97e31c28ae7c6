import { existsSync } from 'node:fs'
import { extend, firstOf, ForetokenError, router, type DraftStrategy, type LanguageModel } from '@foretoken/core'
import { looksLikePath, type NamedOptions, type NamedStrategy, namedStrategy } from './named.js'

/** A strategy that has been chosen, but may still need a draft model to be loaded. */
export interface ChosenStrategy {
  /** As shown to people, and as typed: `draft-model`, `suffix+draft-model`, `./mine.ts`. */
  readonly name: string
  readonly needsDraft: boolean
  /** @param draft The draft model, when {@link needsDraft}. @returns `undefined` for plain decoding. */
  create(draft?: LanguageModel): DraftStrategy | undefined
}

/**
 * The strategy that is called `name`: one of those that have names, a plugin file, or several: `a|b` asks whichever promises
 * more, `a>b` asks b where a has nothing to say, `a+b` lets b go on where a ends; what comes later binds closer. Everything that can be wrong with the choice itself
 * is found out here, before a model is loaded.
 *
 * @param name Default: `auto`.
 * @throws `invalid-argument` for an unknown name or a file that cannot be read, `strategy` for a bad plugin.
 */
export async function chooseStrategy(name: string | undefined, options: NamedOptions): Promise<ChosenStrategy> {
  const chosen = name ?? 'auto'
  if (chosen === 'none') return { name: chosen, needsDraft: false, create: () => undefined }
  return { name: chosen, ...(await parse(chosen, options)) }
}

async function parse(text: string, options: NamedOptions): Promise<NamedStrategy> {
  // A plugin's path is a path, whatever is in it.
  if (looksLikePath(text) && existsSync(text)) return namedStrategy(text, options)
  const rivals = text.split('|')
  if (rivals.length > 1) return combined(rivals, options, (all) => router(...all))
  const alternatives = text.split('>')
  if (alternatives.length > 1) return combined(alternatives, options, (all) => firstOf(...all))
  const parts = text.split('+')
  if (parts.length > 1) return combined(parts, options, (all) => all.reduceRight((then, first) => extend(first, then)))
  return namedStrategy(text, options)
}

async function combined(
  texts: readonly string[],
  options: NamedOptions,
  combine: (strategies: readonly DraftStrategy[]) => DraftStrategy,
): Promise<NamedStrategy> {
  const names = texts.map((text) => text.trim())
  for (const name of names) {
    if (name !== '' && name !== 'none') continue
    throw new ForetokenError(
      'invalid-argument',
      `There is ${name === '' ? 'nothing' : name} in one place of ${texts.join(' … ')}: each has to be a strategy.`,
    )
  }
  const parts = await Promise.all(names.map((name) => parse(name, options)))
  return {
    needsDraft: parts.some(({ needsDraft }) => needsDraft),
    create: (draft) => combine(parts.map((part) => part.create(draft))),
  }
}
