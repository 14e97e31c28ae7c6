import { bootstrapInterval, geometricMean, type Interval, mean } from '../../apps/cli/src/measure/statistics.js'
import { type Choice, group, speed } from './choice.js'
import { ourName, peerNames } from './options.js'
import type { Run } from './race.js'

/** `default` is what a peer does with a draft model and nothing else said, or without one where it cannot draft. */
export const columns = ['plain', 'default', 'best'] as const
export type Column = (typeof columns)[number]

/** A peer's runs on some prompts, at one setting, or at the best one for each kind. */
export interface Cell {
  readonly setting: string
  readonly texts: number
  /** Geometric mean over the prompts. */
  readonly tokensPerSecond: number
  /** 95 %. */
  readonly interval: Interval
  /** Tokens of a text that were timed, on average. */
  readonly tokens: number
  /** How many texts are our plain decoding's, as far as both go. */
  readonly sameText: number
}

export interface PeerResult {
  readonly kind: string
  readonly peer: string
  readonly cells: Readonly<Partial<Record<Column, Cell>>>
}

/** Our speed over a peer's on the same prompts: geometric mean, with its 95 % interval. */
export interface Ratio {
  readonly ours: Column
  readonly theirs: Column
  readonly ratio: number
  readonly interval: Interval
  readonly texts: number
}

export interface Comparison {
  readonly kind: string
  readonly peer: string
  readonly ratios: readonly Ratio[]
}

const pairs: readonly (readonly [ours: Column, theirs: Column])[] = [
  ['best', 'best'],
  ['default', 'best'],
  ['best', 'default'],
  ['default', 'default'],
  ['plain', 'plain'],
]

export const everything = 'all'

/** Each kind of content, and all together where there are several. */
export function results(runs: readonly Run[], choices: readonly Choice[]): PeerResult[] {
  return byKindAndPeer(runs).map(({ kind, peer, some }) => {
    const cells = columns.flatMap((column) => {
      const chosen = runsOf(some, column, choices)
      return chosen.length > 0 ? [[column, cell(chosen, runs)] as const] : []
    })
    return { kind, peer, cells: Object.fromEntries(cells) }
  })
}

/** Ours over each peer's. */
export function comparisons(runs: readonly Run[], choices: readonly Choice[]): Comparison[] {
  const all = byKindAndPeer(runs)
  return all.flatMap(({ kind, peer, some }) => {
    const own = all.find((each) => each.kind === kind && each.peer === ourName)?.some
    if (peer === ourName || !own) return []
    const ratios = pairs.flatMap(([ours, theirs]) => {
      const other = new Map(runsOf(some, theirs, choices).map((run) => [promptOf(run), speed(run)]))
      const quotients = runsOf(own, ours, choices).flatMap((run) => {
        const rival = other.get(promptOf(run))
        return rival === undefined ? [] : [speed(run) / rival]
      })
      if (quotients.length === 0) return []
      const found = { ratio: geometricMean(quotients), interval: bootstrapInterval(quotients) }
      return [{ ours, theirs, ...found, texts: quotients.length }]
    })
    return [{ kind, peer, ratios }]
  })
}

function byKindAndPeer(runs: readonly Run[]): { kind: string; peer: string; some: Run[] }[] {
  const kinds = group(runs, ({ kind }) => kind).map((some) => ({ kind: some[0]!.kind, some }))
  if (kinds.length > 1) kinds.push({ kind: everything, some: [...runs] })
  return kinds.flatMap(({ kind, some }) =>
    [ourName, ...peerNames].flatMap((peer) => {
      const ofPeer = some.filter((run) => run.peer === peer)
      return ofPeer.length > 0 ? [{ kind, peer, some: ofPeer }] : []
    }),
  )
}

/** @param runs Of one peer. */
function runsOf(runs: readonly Run[], column: Column, choices: readonly Choice[]): Run[] {
  if (column === 'best') {
    return runs.filter(({ kind, peer, setting }) =>
      choices.some((choice) => choice.kind === kind && choice.peer === peer && choice.setting === setting),
    )
  }
  const found = runs.filter(({ role }) => role === column)
  return column === 'default' && found.length === 0 ? runsOf(runs, 'plain', choices) : found
}

function cell(runs: readonly Run[], all: readonly Run[]): Cell {
  const speeds = runs.map(speed)
  const reference = new Map(
    all.filter(({ peer, role }) => peer === ourName && role === 'plain').map((run) => [promptOf(run), run.text]),
  )
  const settings = new Set(runs.map(({ setting }) => setting))
  return {
    setting: settings.size === 1 ? runs[0]!.setting : "each kind's",
    texts: runs.length,
    tokensPerSecond: geometricMean(speeds),
    interval: bootstrapInterval(speeds),
    tokens: mean(runs.map(({ tokens }) => tokens)),
    sameText: runs.filter((run) => agree(run.text, reference.get(promptOf(run)))).length,
  }
}

function promptOf({ kind, prompt }: Run): string {
  return `${kind} ${prompt}`
}

/** Peers stop a few tokens earlier or later, and some in the middle of a character. */
function agree(text: string, other: string | undefined): boolean {
  if (other === undefined) return false
  const [a, b] = [text, other].map((each) => each.replace(/\uFFFD+$/, ''))
  return a!.startsWith(b!) || b!.startsWith(a!)
}
