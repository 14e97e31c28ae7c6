import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type KnownFamily, modelsIn, modelsInCache } from '@foretoken/hub'
import type { LookedAt } from './look.js'

/** Where the idea comes from that a model may draft. */
export type Origin = 'named' | 'bundle' | 'known' | 'folder' | 'cache'

export interface Candidate {
  /** A path, or a name on the Hub. */
  readonly text: string
  readonly origin: Origin
}

/**
 * Models that may draft for a target: those that were named, that of its bundle, those that are known to draft for its
 * family, and what lies beside it and in the cache. None twice, and not the target itself.
 */
export async function candidatesFor(
  target: LookedAt,
  found: { readonly named: readonly string[]; readonly family: KnownFamily | undefined; readonly cache: string },
): Promise<Candidate[]> {
  const { model } = target
  const of = (origin: Origin, texts: readonly string[]): Candidate[] => texts.map((text) => ({ text, origin }))
  const all = [
    ...of('named', found.named),
    ...of('bundle', model.draft === undefined ? [] : [model.draft]),
    ...of('known', found.family?.drafts ?? []),
    ...of('folder', await modelsIn(model.here ? dirname(model.path) : '.')),
    ...of('cache', await modelsInCache(found.cache)),
  ]
  const seen = new Set([await fileOf(model.path)])
  const candidates: Candidate[] = []
  for (const candidate of all) {
    const file = await fileOf(candidate.text)
    if (seen.has(file)) continue
    seen.add(file)
    candidates.push(candidate)
  }
  return candidates
}

/** The cache links to files, and a folder may. */
export function fileOf(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}
