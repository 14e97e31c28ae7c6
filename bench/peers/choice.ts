import { geometricMean } from '../../apps/cli/src/measure/statistics.js'
import type { Run } from './race.js'

/** The fastest setting of each peer on each kind of content. */
export interface Choice {
  readonly kind: string
  readonly peer: string
  readonly setting: string
}

/** @param runs Of prompts that do not count: what is fastest on these by luck gains nothing from it. */
export function choose(runs: readonly Run[]): Choice[] {
  return group(runs, ({ kind, peer }) => `${kind} ${peer}`).map((ofPeer) => {
    const { kind, peer } = ofPeer[0]!
    const settings = group(ofPeer, ({ setting }) => setting).map((some) => ({
      setting: some[0]!.setting,
      mean: geometricMean(some.map(speed)),
    }))
    return { kind, peer, setting: settings.reduce((best, one) => (one.mean > best.mean ? one : best)).setting }
  })
}

/** Tokens per second. */
export function speed({ tokens, ms }: Pick<Run, 'tokens' | 'ms'>): number {
  return (1000 * tokens) / ms
}

/** Those with equal keys together, in the order in which the keys come up. */
export function group<T>(values: readonly T[], keyOf: (value: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const value of values) {
    const key = keyOf(value)
    const found = groups.get(key)
    if (found) found.push(value)
    else groups.set(key, [value])
  }
  return [...groups.values()]
}
