const styles = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const

/** Colours text, or leaves it as it is. */
export type Paint = Readonly<Record<keyof typeof styles, (text: string) => string>>

export function createPaint(enabled: boolean): Paint {
  const entries = Object.entries(styles).map(([name, [on, off]]) => [
    name,
    // Line by line: a terminal that scrolls or a pager does not carry a colour over.
    (text: string) => (enabled ? text.replace(/[^\n]+/g, (line) => `\u001B[${on}m${line}\u001B[${off}m`) : text),
  ])
  return Object.fromEntries(entries) as Paint
}

/** Whether to colour: an explicit wish, else NO_COLOR and FORCE_COLOR, else whether people are looking. */
export function wantsColor(
  wish: boolean | undefined,
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean,
): boolean {
  if (wish !== undefined) return wish
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return isTerminal && env.TERM !== 'dumb'
}
