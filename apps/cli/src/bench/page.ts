import { barPlot } from '../plot/bars.js'
import { linePlot } from '../plot/lines.js'
import { escape, style } from '../plot/svg.js'
import { duration, number } from '../terminal/format.js'
import type { BenchData } from './data.js'
import { curvePlot, keptPlots, ratePlots, speedupPlots } from './plots.js'
import { type BenchRow, figures, legendLines, type ModelCurve, temperaturesOf } from './report.js'

/** The whole measurement as one page that needs nothing else: no script, no request. */
export function benchPage(data: BenchData): string {
  const names = data.configurations.map(({ name }) => name)
  const temperatures = temperaturesOf(data.results)
  const baseline = escape(names[0]!)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>foretoken bench, ${escape(data.date.slice(0, 10))}</title>
${look}
${style}
</head>
<body>
<header>
<h1>foretoken bench</h1>
<p>${escape(data.target)}</p>
<p>${escape(`${data.date.slice(0, 16).replace('T', ' ')} UTC, ${data.machine.processor}`)}</p>
${remarks(data)}
</header>
${temperatures
  .map((temperature) =>
    section(`Speed-up over ${baseline}, T = ${temperature}`, [
      drawings(speedupPlots(data.results, names, temperature).map(barPlot)),
      '<p>Bars: geometric mean over prompts. Lines: 95 % bootstrap interval.</p>',
    ]),
  )
  .join('')}
${section('Tokens per second', [drawings(ratePlots(data.results, names).map(barPlot))])}
${section('Acceptance by position', [
  drawings(keptPlots(data.results, names).map(linePlot)),
  '<p>How many of all rounds kept a drafted token at that position. The sum over the positions is what a round gains, tau - 1.</p>',
])}
${section('What a pass costs', [drawings([linePlot(curvePlot(data.curves))]), scroll(curveTable(data.curves))])}
${temperatures
  .map((temperature) =>
    section(`Figures, T = ${temperature}`, [
      scroll(resultTable(data.results.filter((row) => row.temperature === temperature))),
    ]),
  )
  .join('')}
<section>
${legendLines.map((line) => `<p>${escape(line)}</p>`).join('\n')}
</section>
${section('What was measured', [facts(data)])}
</body>
</html>
`
}

function remarks({ notes, warnings, interrupted }: BenchData): string {
  const said = [
    ...(interrupted ? ['Interrupted: this is what was measured until then.'] : []),
    ...notes,
    ...warnings.map((warning) => `Warning: ${warning}`),
  ]
  return said.map((text) => `<p class="note">${escape(text)}</p>`).join('\n')
}

function section(heading: string, parts: readonly string[]): string {
  return `<section>\n<h2>${heading}</h2>\n${parts.join('\n')}\n</section>\n`
}

/** Drawings that stand side by side where there is room. Their look is in the page's head. */
function drawings(svgs: readonly string[]): string {
  return `<div class="drawings">\n${svgs.map((svg) => svg.replace(style, '')).join('')}</div>`
}

function scroll(table: string): string {
  return `<div class="scroll">${table}</div>`
}

function tableOf(titles: readonly string[], rows: readonly (readonly string[])[], texts: number): string {
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((cell, i) => `<${tag}${i < texts ? ' class="text"' : ''}>${escape(cell)}</${tag}>`).join('')
  return `<table>
<thead><tr>${cells('th', titles)}</tr></thead>
<tbody>
${rows.map((row) => `<tr${row[0] === '' ? '' : ' class="first"'}>${cells('td', row)}</tr>`).join('\n')}
</tbody>
</table>`
}

function resultTable(rows: readonly BenchRow[]): string {
  return tableOf(
    ['content', 'configuration', ...figures.map(({ title }) => title)],
    rows.map((row, i) => [
      row.kind === rows[i - 1]?.kind ? '' : row.kind,
      row.configuration,
      ...figures.map(({ of }) => of(row)),
    ]),
    2,
  )
}

function curveTable(curves: readonly ModelCurve[]): string {
  const widths = [...new Set(curves.flatMap(({ passes }) => passes.map(({ width }) => width)))].toSorted(
    (a, b) => a - b,
  )
  return tableOf(
    ['model', ...widths.map((width) => `n = ${width}`)],
    curves.flatMap(({ passes }, i) => {
      const at = (width: number): number => passes.find((pass) => pass.width === width)?.ms ?? NaN
      return [
        [i === 0 ? 'target' : 'draft', ...widths.map((width) => duration(at(width)))],
        ['', ...widths.map((width) => number(at(width) / (passes[0]?.ms ?? NaN)))],
      ]
    }),
    1,
  )
}

function facts(data: BenchData): string {
  const { machine } = data
  const entries: [string, string][] = [
    ['command', data.command],
    ['date', data.date],
    ['target', data.target],
    ...data.drafts.map((draft): [string, string] => ['draft', draft]),
    [
      'configurations',
      data.configurations.map(({ name, strategy, length }) => `${name}: ${strategy}, ${length}`).join('; '),
    ],
    ['prompts', `${data.rounds} of each kind: ${data.kinds.join(', ')}; none twice at a temperature`],
    ['settings', settingsOf(data)],
    ['processor', `${machine.processor}, ${machine.logicalCores} logical cores`],
    ['memory', machine.memory],
    ['platform', machine.platform],
    ['node', machine.node],
  ]
  return `<dl>\n${entries.map(([name, value]) => `<dt>${escape(name)}</dt><dd>${escape(value)}</dd>`).join('\n')}\n</dl>`
}

function settingsOf({ generate }: BenchData): string {
  return Object.entries(generate)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ')
}

const look = `<style>
:root { color-scheme: light dark; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: #ffffff; color: #1c2330;
  font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif; }
h1 { font-size: 1.5rem; margin: 0.5rem 0; } h2 { font-size: 1.15rem; margin: 2rem 0 0.5rem; } p { margin: 0.3rem 0; }
.note { border-left: 3px solid #d9822b; padding-left: 0.6rem; }
.drawings { display: flex; flex-wrap: wrap; gap: 0.5rem; } .drawings svg { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.6rem; text-align: right; white-space: nowrap; } .text { text-align: left; }
th { color: #5a6475; font-weight: 500; border-bottom: 1px solid #dfe3ea; } .first td { border-top: 1px solid #dfe3ea; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.2rem 1rem; font-size: 14px; }
dt { color: #5a6475; } dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: 0.4rem; } }
@media (prefers-color-scheme: dark) {
  body { background: #14181f; color: #e6e9ef; } dt, th { color: #98a2b3; }
  th { border-color: #2a313c; } .first td { border-color: #2a313c; }
}
</style>`
