import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fences, inlineCode } from '../markdown.js'
import { root } from '../repository.js'

/** A command in a page, as its words. */
export interface Said {
  readonly page: string
  readonly line: number
  readonly words: readonly string[]
}

/** The commands of a page's shell blocks, and those in its sentences that begin like one of ours. */
export function commandsOf(page: string): Said[] {
  const text = readFileSync(join(root, page), 'utf8')
  const blocks = fences(text)
    .filter(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language))
    .flatMap(({ line, language, text: block }) =>
      linesOf(block, language).map((each) => ({ line: line + 1 + each.line, text: each.text })),
    )
  const inline = inlineCode(text).filter((each) => /^(npx )?foretoken |^npm run /.test(each.text))
  return [...blocks, ...inline].flatMap(({ line, text: said }) =>
    split(said).map((words) => ({ page, line, words: withoutPrefix(words) })),
  )
}

function linesOf(block: string, language: string): { line: number; text: string }[] {
  const lines: { line: number; text: string }[] = []
  let open = false
  for (const [line, raw] of block.split('\n').entries()) {
    const text: string = language === 'console' ? (/^\$ (.*)/.exec(raw)?.[1] ?? (open ? raw : '')) : raw
    if (open) lines.at(-1)!.text += ` ${text.replace(/\\$/, '')}`
    else lines.push({ line, text: text.replace(/\\$/, '') })
    open = text.endsWith('\\')
  }
  return lines
}

/** The words of each command of a line, as a shell would see them; redirections, comments and ellipses left out. */
export function split(line: string): string[][] {
  const commands: string[][] = [[]]
  const token =
    /\s*(?:(#.*)|(&&|\|\||[;|()])|(\d?>>?\s*\S+|<\s\S+)|((?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\;|&()])+|&))/gy
  for (const [, comment, operator, redirection, word] of line.matchAll(token)) {
    if (comment !== undefined) break
    if (operator !== undefined) commands.push([])
    else if (redirection === undefined && word !== '…') commands.at(-1)!.push(unquoted(word!))
  }
  return commands.filter((words) => words.length > 0)
}

function unquoted(word: string): string {
  return word.replace(/'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)/g, (_, single, double, escaped) =>
    String(single ?? double?.replace(/\\(.)/g, '$1') ?? escaped),
  )
}

/** What comes before the program: variables, and who starts it. */
function withoutPrefix(words: readonly string[]): readonly string[] {
  const rest = words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word)))
  if (rest[0] === 'npx' && rest[1] === 'foretoken') return rest.slice(1)
  if (rest[0] === 'node' && rest[1]?.endsWith('apps/cli/dist/main.js')) return ['foretoken', ...rest.slice(2)]
  return rest
}
