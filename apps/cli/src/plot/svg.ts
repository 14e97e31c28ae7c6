/* What our drawings have in common: how they look, and how text gets into them. */

/** Colours that are told apart by those who see few, and readable on light and dark. */
export const palette = ['#2f6fde', '#1f9d6b', '#d9822b', '#b0489d', '#8a94a6', '#12a5b5', '#c9453d', '#9a8400']

/** Of small text, about. */
export const characterWidth = 6.2
export const noteHeight = 16

export const style = `<style>
svg text { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1c2330; }
.ground { fill: #ffffff; } .title { font-size: 16px; font-weight: 600; } .label { font-size: 13px; }
.small { font-size: 11px; fill: #5a6475; } .value { font-size: 12px; font-weight: 600; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
.grid { stroke: #dfe3ea; } .reference { stroke: #5a6475; stroke-dasharray: 4 3; }
.error { stroke: #1c2330; stroke-width: 1.5; fill: none; }
${palette.map((colour, i) => `.s${i} { fill: ${colour}; } .l${i} { stroke: ${colour}; }`).join(' ')}
.line { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  svg text { fill: #e6e9ef; } .value { stroke: #14181f; } .ground { fill: #14181f; } .small { fill: #98a2b3; }
  .grid { stroke: #2a313c; } .reference { stroke: #98a2b3; } .error { stroke: #e6e9ef; }
}
</style>`

/** What a drawing starts with: its size, its look, its ground, its title. */
export function opening(title: string, left: number, { width, height }: { width: number; height: number }): string[] {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">`,
    style,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text class="title" x="${left}" y="26">${escape(title)}</text>`,
  ]
}

/** Small print at the end of a drawing: paragraphs, broken into lines. */
export function smallPrint(paragraphs: readonly string[], left: number, width: number): Block {
  const lines = paragraphs.flatMap((each) => wrap(each, (width - 2 * left) / characterWidth))
  return {
    height: lines.length * noteHeight,
    draw: (top) =>
      lines.map(
        (line, i) => `<text class="small" x="${left}" y="${top + (i + 1) * noteHeight - 4}">${escape(line)}</text>`,
      ),
  }
}

/** A part of a drawing whose height is known before its place is. */
export interface Block {
  readonly height: number
  draw(top: number): string[]
}

/** Which colour is what: in as many lines as it takes. */
export function legend(series: readonly Colour[], left: number, width: number): Block {
  const entryHeight = 18
  const places: { x: number; line: number }[] = []
  let [x, line] = [left, 0]
  for (const { name } of series) {
    const wide = 32 + name.length * characterWidth
    if (x > left && x + wide > width) [x, line] = [left, line + 1]
    places.push({ x: round(x), line })
    x += wide
  }
  return {
    height: series.length === 0 ? 0 : (line + 1) * entryHeight,
    draw: (top) =>
      series.flatMap(({ name, colour }, i) => {
        const y = top + places[i]!.line * entryHeight
        return [
          `<rect class="s${colour}" x="${places[i]!.x}" y="${y + 3}" width="10" height="10" rx="2"/>`,
          `<text class="small" x="${places[i]!.x + 15}" y="${y + 12}">${escape(name)}</text>`,
        ]
      }),
  }
}

/** The colour of something that is drawn, a place in {@link palette}. */
export interface Colour {
  readonly name: string
  readonly colour: number
}

/**
 * What of `named` is drawn, in that order, with its colour.
 *
 * @param named All there is, so that a name has the same colour in every drawing. Default: what is drawn.
 */
export function coloursOf(drawn: readonly string[], named: readonly string[] = [...new Set(drawn)]): Colour[] {
  return named.map((name, i) => ({ name, colour: i % palette.length })).filter(({ name }) => drawn.includes(name))
}

/** Breaks a text between words into lines of at most `most` characters. */
export function wrap(text: string, most: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line !== '' && line.length + 1 + word.length > most) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines
}

export function round(value: number): number {
  return Math.round(value * 10) / 10
}

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
