import { stripVTControlCharacters } from 'node:util'

/** How many columns a text takes, colours not counted. Wide (East Asian, emoji) characters take two. */
export function width(text: string): number {
  let columns = 0
  for (const character of stripVTControlCharacters(text)) columns += characterWidth(character.codePointAt(0)!)
  return columns
}

/** Fills up with spaces. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - width(text)))
  return align === 'left' ? text + space : space + text
}

function characterWidth(code: number): number {
  if (code < 32 || (code >= 0x7f && code < 0xa0)) return 0
  // Combining marks, variation selectors, the zero-width joiner.
  if ((code >= 0x300 && code <= 0x36f) || (code >= 0xfe00 && code <= 0xfe0f) || code === 0x200b || code === 0x200d)
    return 0
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0x1f300 && code <= 0x1faff)
  return wide ? 2 : 1
}
