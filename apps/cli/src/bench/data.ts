import { warningsOf } from '../measure/summary.js'
import { commandLine, type Machine, machine } from './machine.js'
import { benchRows, circlesNote, type BenchRow, type Entrant, type ModelCurve } from './report.js'
import type { BenchOptions, Measured } from './run.js'

/** A measurement and all that is to be known about it: what is saved, and what a page is made of. */
export interface BenchData {
  readonly command: string
  /** ISO 8601. */
  readonly date: string
  readonly machine: Machine
  readonly target: string
  readonly drafts: readonly string[]
  /** What is to be said next to the figures. */
  readonly notes: readonly string[]
  /** What `generate` was told beside the temperature. */
  readonly generate: BenchOptions['generate']
  readonly temperatures: readonly number[]
  readonly kinds: readonly string[]
  /** Prompts of each kind. */
  readonly rounds: number
  readonly configurations: readonly Entrant[]
  /** The target's first. */
  readonly curves: readonly ModelCurve[]
  readonly results: readonly BenchRow[]
  readonly warnings: readonly string[]
  readonly interrupted: boolean
  readonly runs: readonly object[]
}

/** @param notes What is to be said next to the figures, beside what they themselves give cause for. */
export function benchData(options: BenchOptions, measured: Measured, notes: readonly string[]): BenchData {
  const { heats, entrants, curves, interrupted } = measured
  const results = benchRows(heats, entrants, curves[0]!.passes)
  return {
    command: commandLine(process.argv.slice(2)),
    date: new Date().toISOString(),
    machine: machine(),
    target: options.model.description,
    drafts: [...options.drafts.values()].map(({ description }) => description),
    notes: [...notes, circlesNote(results) ?? []].flat(),
    generate: options.generate,
    temperatures: options.temperatures,
    kinds: [...new Set(options.plan.rounds.flat().map(({ kind }) => kind))],
    rounds: options.plan.rounds.length,
    configurations: entrants,
    curves,
    results,
    warnings: warningsOf(heats.flatMap(({ runs }) => runs)),
    interrupted,
    runs: heats.map(({ runs, ...about }) => ({
      ...about,
      runs: runs.map(({ contender, tokens, ms, prefillMs, result }) => ({
        contender,
        tokens,
        ms,
        prefillMs,
        verifier: result.verifier,
        stats: result.stats,
      })),
    })),
  }
}
