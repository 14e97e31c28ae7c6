import { barPlot } from '../plot/bars.js'
import { save } from '../save.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import type { BenchData } from './data.js'
import { benchPage } from './page.js'
import { speedupPlot } from './plots.js'
import { benchLines } from './report.js'

/** Where the results go, beside the terminal. */
export interface Destinations {
  readonly json?: boolean
  readonly save?: string
  readonly svg?: string
  readonly html?: string
}

export async function outputBench(data: BenchData, to: Destinations, terminal: Terminal): Promise<void> {
  const { results, curves, notes } = data
  if (to.json) {
    printJson(terminal.out, data)
  } else {
    const paint = paintFor(terminal, 'out')
    const models = [`target  ${data.target}`, ...data.drafts.map((draft) => `draft   ${draft}`)]
    for (const line of ['', ...models, '', ...benchLines(results, curves, paint)]) printLine(terminal.out, line)
    for (const warning of data.warnings) printLine(terminal.out, paint.yellow(`warning: ${warning}`))
    for (const note of notes) printLine(terminal.out, paint.dim(note))
  }
  if (to.save) await save(to.save, `${JSON.stringify(data, undefined, 2)}\n`)
  if (to.html) await save(to.html, benchPage(data))
  if (to.svg) {
    const names = data.configurations.map(({ name }) => name)
    await save(to.svg, barPlot(speedupPlot(results, names, { model: data.target, notes })))
  }
}
