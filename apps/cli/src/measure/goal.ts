import { type Interval, ratioInterval } from './statistics.js'

/** Two sides that ran in turn, and by how much one is to be faster. */
export interface Goal {
  readonly name: string
  /** Times of ours over theirs that are wanted. Absent where the figure only explains others. */
  readonly wanted?: number
  /** Milliseconds a token of the slower side, the one compared with, in each turn. */
  readonly theirs: readonly number[]
  /** Ours, in the same turns. */
  readonly ours: readonly number[]
  readonly note?: string
}

export interface Outcome extends Goal {
  readonly ratio: number
  /** At 95 %. */
  readonly interval: Interval
  /** Absent where nothing is wanted, or nothing was measured. */
  readonly holds?: boolean
}

/** @returns NaN as the ratio of no turns. */
export function outcome(goal: Goal): Outcome {
  const { theirs, ours, wanted } = goal
  const sum = (times: readonly number[]): number => times.reduce((all, ms) => all + ms, 0)
  const ratio = sum(theirs) / sum(ours)
  return {
    ...goal,
    ratio,
    interval: ratioInterval(theirs, ours),
    ...(wanted !== undefined && !Number.isNaN(ratio) && { holds: ratio >= wanted }),
  }
}

/** A table of text: a line for each, under a line of headings. */
export function outcomeLines(outcomes: readonly Outcome[]): string[] {
  const rows = outcomes.map(({ name, theirs, ours, ratio, interval, wanted, holds, note }) => [
    name,
    perToken(theirs),
    perToken(ours),
    times(ratio),
    Number.isNaN(interval.low) ? '' : `${interval.low.toFixed(2)}-${interval.high.toFixed(2)}`,
    wanted === undefined ? '' : times(wanted),
    holds === undefined ? '' : holds ? 'yes' : 'NO',
    note ?? '',
  ])
  const table = [['', 'theirs', 'ours', 'ratio', '95 %', 'wanted', 'holds', ''], ...rows]
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)))
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}

function perToken(ms: readonly number[]): string {
  return ms.length === 0 ? '-' : `${(ms.reduce((all, each) => all + each, 0) / ms.length).toFixed(2)} ms`
}

function times(ratio: number): string {
  return Number.isNaN(ratio) ? 'not measured' : `${ratio.toFixed(2)}x`
}
