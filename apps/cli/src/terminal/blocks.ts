/** A bar of text. @param fraction Of all its columns, in `[0, 1]`. */
export function blocks(fraction: number, columns = 32): string {
  const eighths = Math.round(fraction * columns * 8)
  return '█'.repeat(Math.floor(eighths / 8)) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths % 8]!
}
