import type { TokenOrigin } from '@foretoken/core'
import { pad, width } from '../terminal/cells.js'
import { number, times } from '../terminal/format.js'
import type { Paint } from '../terminal/paint.js'

/** A piece of text, and where it came from: the prompt, or a token. */
export interface Piece {
  readonly text: string
  readonly origin: TokenOrigin | 'prompt'
}

export interface Side {
  readonly title: string
  readonly pieces: readonly Piece[]
  readonly tokensPerSecond: number
}

/** Two texts side by side, as they grow: the lines to draw. */
export function panel(
  heading: string,
  [left, right]: readonly [Side, Side],
  size: { readonly columns: number; readonly rows: number },
  paint: Paint,
): string[] {
  const column = Math.floor((size.columns - 3) / 2)
  const ratio = right.tokensPerSecond / left.tokensPerSecond
  const title = ({ title, tokensPerSecond }: Side, extra = ''): string =>
    `${paint.bold(title)}  ${number(tokensPerSecond)} tok/s${extra}`
  const texts = [left, right].map(({ pieces }) => layOut(pieces, column, size.rows, paint))
  const lines = [
    [title(left), title(right, Number.isFinite(ratio) ? `  ${paint.bold(times(ratio))}` : '')],
    ...Array.from({ length: size.rows }, (_, i) => [texts[0]![i] ?? '', texts[1]![i] ?? '']),
  ]
  return [heading, ...lines.map(([a, b]) => `${pad(a!, column)} ${paint.dim('│')} ${b}`)]
}

/** The last `rows` lines of a text, broken where they are too long. Accepted drafts are green, the prompt is dim. */
export function layOut(pieces: readonly Piece[], columns: number, rows: number, paint: Paint): string[] {
  const lines: string[] = []
  let line = ''
  let used = 0
  const newLine = (): void => {
    lines.push(line)
    line = ''
    used = 0
  }
  for (const { text, origin } of pieces) {
    const colour = origin === 'accepted' ? paint.green : origin === 'prompt' ? paint.dim : (same: string) => same
    let run = ''
    const flush = (): void => {
      line += run && colour(run)
      run = ''
    }
    for (const character of printable(text)) {
      const wide = width(character)
      if (character === '\n' || used + wide > columns) {
        flush()
        newLine()
        if (character === '\n') continue
      }
      run += character
      used += wide
    }
    flush()
  }
  newLine()
  return lines.slice(-rows)
}

/** Nothing that would move the cursor. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll('\t', '  ').replace(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/g, '')
}
