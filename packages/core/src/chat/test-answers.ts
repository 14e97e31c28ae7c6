import { toolForm } from './form.js'
import { CallParser, type CallParserOptions, type ToolCallEvent } from './parser.js'
import { characterTokenizer, familyRenderer } from '../testing/chat-templates.js'

/* Answers, written as models write them and read by the parser, for tests. */

export const families = ['hermes', 'llama', 'mistral'] as const
export type Family = (typeof families)[number]

/** Markers that leave no text. */
export const control = ['[TOOL_CALLS]', '<|python_tag|>']
const forms = Object.fromEntries(
  families.map((family) => [family, toolForm(characterTokenizer(control), familyRenderer(family))]),
)

/** A parser for answers with calls of `f` and `g`. */
export function parserFor(family: Family, options: Partial<CallParserOptions> = {}): CallParser {
  return new CallParser({ form: forms[family]!, names: new Set(['f', 'g']), parallel: true, opened: false, ...options })
}

/** Words as they are, calls as `0 f(arguments)`, without the `)` for one that has no end. */
export function told(events: readonly ToolCallEvent[]): string[] {
  const parts: string[] = []
  let joins = false
  for (const event of events) {
    if (event.type === 'text' && joins) parts[parts.length - 1] += event.text
    else if (event.type === 'text') parts.push(event.text)
    else if (event.type === 'call-start') parts.push(`${event.index} ${event.name}(`)
    else if (event.type === 'call-arguments') parts[parts.length - 1] += event.delta
    else parts[parts.length - 1] += ')'
    joins = event.type === 'text'
  }
  return parts
}

/** What is found in an answer that comes in `pieces`. */
export function read(family: Family, pieces: readonly string[], options?: Partial<CallParserOptions>): string[] {
  const parser = parserFor(family, options)
  return told([...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()])
}

export const call = (name: string, given: string): string => `{"name": "${name}", "arguments": ${given}}`
export const tag = (inside: string): string => `<tool_call>\n${inside}\n</tool_call>`
