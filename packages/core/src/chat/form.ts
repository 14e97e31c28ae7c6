import type { ChatMessage, RenderChat, TokenId, Tokenizer } from '../model.js'
import { CallReader } from './call-reader.js'

/** How a model writes calls: JSON objects with a name and arguments, and what is around them. */
export interface ToolForm {
  /** What stands before and behind the calls. The first is the template's own, if it has one. */
  readonly markers: readonly Marker[]
  /** Whether calls stand without a marker, at the beginning of a line. */
  readonly bare: boolean
  /** Whether the calls are in a list. */
  readonly list: boolean
  readonly argumentsKey: 'arguments' | 'parameters'
  /** The markers that are control tokens, which leave no text. */
  readonly hidden: ReadonlyMap<TokenId, string>
  /** What makes a prompt end where the JSON of a call begins: `write`, in place of `instead` where the prompt ends in that. */
  readonly opening: { readonly instead: string; readonly write: string }
  readonly render: RenderChat
}

export interface Marker {
  readonly open: string
  /** Empty when it is not known, or there is none. */
  readonly close: string
}

/** A call as a template writes it: the first index of its JSON, and the one behind it. */
interface Found {
  readonly from: number
  readonly to: number
  readonly argumentsKey: ToolForm['argumentsKey']
}

const known = new WeakMap<Tokenizer, ToolForm>()

/**
 * Finds out how the model's template writes calls, by having it write one. Hermes and Qwen (`<tool_call>{…}</tool_call>`),
 * Mistral (`[TOOL_CALLS] [{…}]`), Llama 3 (`{…}` alone, with `parameters`) and all who differ from them in the marker are
 * understood. Templates that write calls as anything else are used as if they knew no tools.
 */
export function toolForm(tokenizer: Tokenizer, render: RenderChat): ToolForm {
  let form = known.get(tokenizer)
  if (form) return form
  const described: RenderChat = (messages, options) => render(messages, { ...options, describe: true })
  form = probe(tokenizer, render) ?? probe(tokenizer, described) ?? unknownForm(tokenizer, render)
  known.set(tokenizer, form)
  return form
}

const tool = {
  name: 'probe',
  description: 'Takes a key.',
  parameters: {
    type: 'object',
    properties: { key: { type: 'string', description: 'The key.' } },
    required: ['key'],
  },
}
const question: ChatMessage = { role: 'user', content: 'Try it.' }
const call: ChatMessage = {
  role: 'assistant',
  content: '',
  toolCalls: [{ id: 'probe0001', name: 'probe', arguments: '{"key": "what is searched for"}' }],
}

function probe(tokenizer: Tokenizer, render: RenderChat): ToolForm | undefined {
  let prompt: string, text: string, described: boolean
  try {
    prompt = render([question], { tools: [tool] })
    text = render([question, call], { tools: [tool] })
    described = text === render([question, call], { tools: [tool], describe: true })
  } catch {
    return undefined
  }
  const found = findCall(text)
  if (!found) return undefined
  const turn = commonStart(prompt, text)
  const before = text.slice(turn, found.from)
  const list = /\[\s*$/.test(before) && /^\s*\]/.test(text.slice(found.to))
  const write = list ? before.replace(/\s*\[\s*$/, '') : before.replace(/ +$/, '')
  // What stands in lines of its own before it, or closes something (thoughts, say), is no part of the marker. Where calls
  // are described, every answer begins alike.
  const last = write.trim().split('\n').at(-1)!
  const open = described || /<\/[^<>]*>$/.test(last) ? '' : last
  if (/[{"]/.test(open)) return undefined
  const close = /^\s*\]?\s*(<[^<>\s]+>)/.exec(text.slice(found.to))?.[1] ?? ''
  const instead = prompt.slice(turn)
  return {
    ...withMarkers(tokenizer, open === '' ? [] : [{ open, close }]),
    list,
    argumentsKey: found.argumentsKey,
    opening: instead !== '' && open === '' ? { instead: '', write: '' } : { instead, write },
    render,
  }
}

/** For templates that refuse calls: what they ask for is not known. */
function unknownForm(tokenizer: Tokenizer, render: RenderChat): ToolForm {
  return {
    ...withMarkers(tokenizer, []),
    list: false,
    argumentsKey: 'arguments',
    opening: { instead: '', write: '' },
    render,
  }
}

/** Models whose calls have no marker write one at times. */
function withMarkers(tokenizer: Tokenizer, own: readonly Marker[]): Pick<ToolForm, 'markers' | 'bare' | 'hidden'> {
  const bare = own.length === 0
  const usual = [
    { open: '```json', close: '```' },
    { open: '<|python_tag|>', close: '' },
  ]
  const markers = bare ? usual : own
  const hidden = new Map<TokenId, string>()
  for (const marker of markers.flatMap(({ open, close }) => [open, close])) {
    const [token, ...more] = marker === '' ? [] : tokenizer.encode(marker, { special: true })
    if (token === undefined || more.length > 0 || tokenizer.decode([token]) !== '') continue
    hidden.set(token, marker)
  }
  return { markers, bare, hidden }
}

/** How much of `text` is what was there before the answer: `prompt`, or what of it does not speak of another beginning. */
function commonStart(prompt: string, text: string): number {
  if (text.startsWith(prompt)) return prompt.length
  let same = 0
  while (same < prompt.length && prompt[same] === text[same]) same++
  // Two markers may begin alike.
  return /^[^]*[\s>\]]/.exec(prompt.slice(0, same))?.[0].length ?? 0
}

/** The JSON of the call in what a template wrote. */
function findCall(text: string): Found | undefined {
  const argument = text.lastIndexOf('what is searched for')
  for (let from = text.lastIndexOf('{', argument); from >= 0 && argument >= 0; from = text.lastIndexOf('{', from - 1)) {
    const reader = new CallReader(new Set([tool.name]), { start() {}, arguments() {} })
    for (let at = from; at < text.length; at++) {
      const state = reader.push(text[at]!)
      if (state === 'more') continue
      if (state === 'broken' || at < argument) break
      const argumentsKey = text.slice(from, at).includes('"parameters"') ? 'parameters' : 'arguments'
      return { from, to: at + 1, argumentsKey }
    }
    if (from === 0) break
  }
  return undefined
}
