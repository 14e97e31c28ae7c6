import { pad, width } from './cells.js'
import { createPaint, type Paint } from './paint.js'

export interface Column {
  readonly title: string
  /** Default `right`, but `left` for the first column. */
  readonly align?: 'left' | 'right'
}

/** Lines of a table: a header, a rule, the rows; columns as wide as what they hold. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: Paint = createPaint(false),
): string[] {
  const widths = columns.map(({ title }, i) => Math.max(width(title), ...rows.map((row) => width(row[i] ?? ''))))
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, i) => pad(cells[i] ?? '', widths[i]!, align ?? (i === 0 ? 'left' : 'right')))
      .join('   ')
      .trimEnd()
  return [
    paint.dim(line(columns.map(({ title }) => title))),
    paint.dim('─'.repeat(widths.reduce((sum, each) => sum + each, 3 * (columns.length - 1)))),
    ...rows.map(line),
  ]
}

/** Lines of `name   value`, the values one below the other. */
export function facts(
  entries: readonly (readonly [name: string, value: string])[],
  paint = createPaint(false),
): string[] {
  const indent = Math.max(...entries.map(([name]) => width(name)))
  return entries.flatMap(([name, value]) =>
    value.split('\n').map((line, i) => `${paint.dim(pad(i === 0 ? name : '', indent))}   ${line}`),
  )
}
