import { warningsOf } from '../measure/summary.js'
import { barPlot } from '../plot/bars.js'
import { save } from '../save.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { benchLines, benchPlot, benchRows } from './report.js'
import type { BenchOptions, Measured } from './run.js'

/** Where the results go, beside the terminal. */
export interface Destinations {
  readonly json?: boolean
  readonly save?: string
  readonly svg?: string
}

/** @param note What is to be said next to the figures. */
export async function outputBench(
  { model, drafts, generate }: BenchOptions,
  { heats, entrants, curve }: Measured,
  note: string | undefined,
  to: Destinations,
  terminal: Terminal,
): Promise<void> {
  const rows = benchRows(heats, entrants, curve)
  const data = {
    target: model.description,
    drafts: [...drafts.values()].map(({ description }) => description),
    note,
    ...generate,
    configurations: entrants,
    passes: curve,
    results: rows,
    warnings: warningsOf(heats.flatMap(({ runs }) => runs)),
    runs: heats.map(({ runs, ...about }) => ({
      ...about,
      runs: runs.map(({ contender, tokens, ms, prefillMs, result }) => ({
        contender,
        tokens,
        ms,
        prefillMs,
        stats: result.stats,
      })),
    })),
  }
  if (to.json) {
    printJson(terminal.out, data)
  } else {
    const paint = paintFor(terminal, 'out')
    const models = [`target  ${data.target}`, ...data.drafts.map((draft) => `draft   ${draft}`)]
    for (const line of ['', ...models, '', ...benchLines(rows, curve, paint)]) printLine(terminal.out, line)
    for (const warning of data.warnings) printLine(terminal.out, paint.yellow(`warning: ${warning}`))
    if (note) printLine(terminal.out, paint.dim(`\n${note}`))
  }
  if (to.save) await save(to.save, `${JSON.stringify(data, undefined, 2)}\n`)
  const about = { model: data.target, notes: note ? [note] : [] }
  if (to.svg) await save(to.svg, barPlot(benchPlot(rows, entrants, about)))
}
