/* What our drawings have in common: how they look, and how text gets into them. */

/** Colours that are told apart by those who see few, and readable on light and dark. */
export const palette = ['#2f6fde', '#1f9d6b', '#d9822b', '#b0489d', '#8a94a6', '#5b5bd6']

/** Of small text, about. */
export const characterWidth = 5.6
export const noteHeight = 16

export const style = `<style>
text { font-family: ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1c2330; }
.ground { fill: #ffffff; } .title { font-size: 16px; font-weight: 600; } .label { font-size: 13px; }
.small { font-size: 11px; fill: #5a6475; } .value { font-size: 12px; font-weight: 600; paint-order: stroke; stroke: #ffffff; stroke-width: 4px; }
.grid { stroke: #dfe3ea; } .reference { stroke: #5a6475; stroke-dasharray: 4 3; }
.error { stroke: #1c2330; stroke-width: 1.5; fill: none; }
${palette.map((colour, i) => `.s${i} { fill: ${colour}; }`).join(' ')}
@media (prefers-color-scheme: dark) {
  text { fill: #e6e9ef; } .value { stroke: #14181f; } .ground { fill: #14181f; } .small { fill: #98a2b3; }
  .grid { stroke: #2a313c; } .reference { stroke: #98a2b3; } .error { stroke: #e6e9ef; }
}
</style>`

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
