/** A token's text on one line: what cannot be seen is given a sign. */
export function withSigns(text: string): string {
  const line = text.replaceAll('\n', '↵').replaceAll('\t', '⇥')
  return line.trim() === '' ? line.replaceAll(' ', '␣') : line
}
