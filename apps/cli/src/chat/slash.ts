/** What a line of the user means. */
export type Line =
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'empty' }
  | { readonly type: 'command'; readonly name: SlashCommand }
  | { readonly type: 'unknown'; readonly name: string }

export const slashCommands = {
  stats: 'what the last answer took',
  reset: 'forget the conversation',
  help: 'these commands',
  exit: 'leave (or Ctrl-D)',
} as const

export type SlashCommand = keyof typeof slashCommands

/** A line that starts with a slash is a command; `//` says a slash. */
export function readLine(line: string, raw = false): Line {
  const text = line.trim()
  if (text === '' && !raw) return { type: 'empty' }
  if (text.startsWith('//')) return { type: 'say', text: text.slice(1) }
  if (!text.startsWith('/')) return { type: 'say', text: raw ? `${line}\n` : text }
  const name = text.slice(1).split(/\s/)[0]!.toLowerCase()
  if (name === 'quit') return { type: 'command', name: 'exit' }
  return name in slashCommands ? { type: 'command', name: name as SlashCommand } : { type: 'unknown', name }
}
