import { chatRenderer } from '../backend/chat.js'
import type { RenderChat, Tokenizer } from '../model.js'

/*
 * The families of chat templates that write calls in ways of their own, as functions: what they write, without what they are
 * written in.
 */

interface Message {
  readonly role: string
  readonly content: string
  readonly tool_calls?: readonly { readonly id: string; readonly function: { name: string; arguments: unknown } }[]
}

type Family = (message: Message, end: string) => string

const functions = ({ tool_calls = [] }: Message) => tool_calls.map((call) => call.function)

const families = {
  hermes: ({ role, content, ...rest }, end) => {
    const calls = functions({ role, content, ...rest })
      .map(({ name, arguments: given }) => `\n<tool_call>\n${JSON.stringify({ name, arguments: given })}\n</tool_call>`)
      .join('')
    if (role === 'tool') return `<|im_start|>user\n<tool_response>\n${content}\n</tool_response>${end}\n`
    return `<|im_start|>${role}\n${(content + calls).trim()}${end}\n`
  },
  llama: ({ role, content, ...rest }, end) => {
    const [call, ...more] = functions({ role, content, ...rest })
    if (more.length > 0) throw new Error('one call at a time')
    const text = call ? `{"name": "${call.name}", "parameters": ${JSON.stringify(call.arguments)}}` : content
    return `<|header|>${role === 'tool' ? 'ipython' : role}<|/header|>\n\n${text}${end}`
  },
  mistral: ({ role, content, tool_calls }, end) => {
    if (role === 'tool') return `[TOOL_RESULTS] {"content": "${content}"}[/TOOL_RESULTS]`
    if (role !== 'assistant') return `[INST] ${content}[/INST]`
    if (!tool_calls) return ` ${content}${end}`
    if (tool_calls.some(({ id }) => !/^[a-zA-Z0-9]{9}$/.test(id))) throw new Error('ids have nine letters')
    const calls = tool_calls.map(({ id, function: { name, arguments: given } }) => ({ name, arguments: given, id }))
    return `[TOOL_CALLS] ${JSON.stringify(calls)}${end}`
  },
  /** Names outside of the JSON: not a form that is understood. */
  tagged: ({ role, content, ...rest }, end) => {
    const calls = functions({ role, content, ...rest }).map(
      (call) => `<fn=${call.name}>${JSON.stringify(call.arguments)}`,
    )
    return `<|${role}|>${content}${calls.join('')}${end}`
  },
} satisfies Record<string, Family>

const starts: Record<keyof typeof families, string> = {
  hermes: '<|im_start|>assistant\n',
  llama: '<|header|>assistant<|/header|>\n\n',
  mistral: '',
  tagged: '<|assistant|>',
}

/**
 * What a model of that family has as `renderChat`.
 *
 * @param thoughts What the template puts before the answer that is to come, and not into earlier ones.
 */
export function familyRenderer(family: keyof typeof families, thoughts = ''): RenderChat {
  const end = '<|end|>'
  return chatRenderer(
    () => ({
      render: ({ messages, tools }) =>
        [
          tools === null ? '' : `Tools: ${JSON.stringify(tools)}\n`,
          ...(messages as Message[]).map((message) => families[family](message, end)),
          starts[family] + thoughts,
        ].join(''),
    }),
    '',
    end,
  )
}

/** A template that knows nothing of tools. */
export const chatml: RenderChat = chatRenderer(
  () => ({
    render: ({ messages }) =>
      [
        ...(messages as Message[]).map((message) =>
          families.hermes({ role: message.role, content: message.content }, '<|end|>'),
        ),
        starts.hermes,
      ].join(''),
  }),
  '',
  '',
)

/** One token for each character, and one for each of `control`, which have no text. */
export function characterTokenizer(control: readonly string[] = []): Tokenizer {
  return {
    vocabSize: 0x110000 + control.length,
    fingerprint: control.join(),
    encode(text, { special = false } = {}) {
      const at = special ? control.indexOf(text) : -1
      return at >= 0 ? [0x110000 + at] : Array.from(text, (character) => character.codePointAt(0)!)
    },
    decode: (tokens) => tokens.map((token) => (token < 0x110000 ? String.fromCodePoint(token) : '')).join(''),
    isEnd: () => false,
  }
}
