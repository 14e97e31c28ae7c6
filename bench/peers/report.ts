import { barPlot, type BarPlot } from '../../apps/cli/src/plot/bars.js'
import { escape } from '../../apps/cli/src/plot/svg.js'
import { number, timesWithin } from '../../apps/cli/src/terminal/format.js'
import { table } from '../../apps/cli/src/terminal/table.js'
import type { Failure } from './race.js'
import type { Comparison, PeerResult } from './results.js'

export interface Report {
  /** What was measured, on what: a line each. */
  readonly about: readonly string[]
  readonly results: readonly PeerResult[]
  readonly comparisons: readonly Comparison[]
  readonly failures: readonly Failure[]
  /** Whether all texts were greedy, so that they can be compared. */
  readonly greedy: boolean
}

/** For people: tokens a second, then ours over theirs. */
export function reportLines({ about, results, comparisons, failures, greedy }: Report): string[] {
  return [
    ...about,
    '',
    ...speeds(results, greedy),
    '',
    'Foretoken over the others, with 95 % intervals (ours / theirs):',
    '',
    ...ratios(comparisons),
    '',
    'Decoding alone, without the prompt; geometric means over the prompts. "default": a draft model is named and nothing',
    'else; "best": the fastest setting on prompts that do not count here. Intervals: bootstrap over the prompts.',
    ...failures.map(({ peer, setting, why }) => `failed and left out: ${peer}, ${setting}: ${why}`),
  ]
}

function speeds(results: readonly PeerResult[], greedy: boolean): string[] {
  const headings = ['content', 'program', 'plain', 'default', 'best', 'best setting', 'tokens', 'same text']
  const rows = results.map(({ kind, peer, cells: { plain, default: own, best } }, i) => [
    kind === results[i - 1]?.kind ? '' : kind,
    peer,
    number(plain?.tokensPerSecond ?? NaN),
    number(own?.tokensPerSecond ?? NaN),
    number(best?.tokensPerSecond ?? NaN),
    best?.setting ?? '',
    number(best?.tokens ?? NaN),
    greedy && best ? `${best.sameText} of ${best.texts}` : '–',
  ])
  const left = new Set([0, 1, 5])
  return table(
    headings.map((title, i) => ({ title, align: left.has(i) ? ('left' as const) : ('right' as const) })),
    rows,
  )
}

function ratios(comparisons: readonly Comparison[]): string[] {
  const pairs = [...new Set(comparisons.flatMap(({ ratios }) => ratios.map(nameOf)))]
  const rows = comparisons.map(({ kind, peer, ratios }, i) => [
    kind === comparisons[i - 1]?.kind ? '' : kind,
    peer,
    ...pairs.map((pair) => {
      const found = ratios.find((each) => nameOf(each) === pair)
      return found ? timesWithin(found.ratio, found.interval) : '–'
    }),
  ])
  return table(
    ['content', 'program', ...pairs].map((title, i) => ({
      title,
      align: i < 2 ? ('left' as const) : ('right' as const),
    })),
    rows,
  )
}

function nameOf({ ours, theirs }: { ours: string; theirs: string }): string {
  return `${ours} / ${theirs}`
}

/** Tokens a second by content, as each program comes and at its best. */
export function reportPlot({ about, results }: Report): BarPlot {
  const kinds = [...new Set(results.map(({ kind }) => kind))]
  const bars = (kind: string, column: 'default' | 'best') =>
    results.flatMap((result) => {
      const cell = result.cells[column]
      return result.kind === kind && cell
        ? [{ series: result.peer, value: cell.tokensPerSecond, ...cell.interval }]
        : []
    })
  const rows = [
    { label: 'as it comes', column: 'default' },
    { label: 'at its best setting', column: 'best' },
  ] as const
  return {
    title: 'Tokens per second, beside others',
    subtitle: about.join('; '),
    axis: 'tokens per second',
    notes: ['Bars: geometric mean over prompts; lines: 95 % bootstrap interval.'],
    rows: rows.map(({ label, column }) => ({
      label,
      groups: kinds.map((kind) => ({ label: kind, bars: bars(kind, column) })),
    })),
  }
}

/** A page with the tables and the drawing. */
export function reportPage(report: Report): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Foretoken beside others</title>
<style>:root { color-scheme: light dark } body { font-family: system-ui, sans-serif; margin: 2rem } pre { overflow-x: auto }</style>
<h1>Foretoken beside others</h1>
${barPlot(reportPlot(report))}
<pre>${escape(reportLines(report).join('\n'))}</pre>
</html>
`
}
