import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider'
import { loadModel } from '@foretoken/backend-llama'
import type { LanguageModel, RenderChat, TokenId } from '@foretoken/core'
import { characterTokenizer, familyRenderer, ToyModel, type ToyModelOptions } from '@foretoken/core/testing'
import { draft, target } from '@foretoken/demo-models'
import { afterAll, beforeAll } from 'vitest'

/* For tests only. */

/** Loads the demo pair for the tests of a file. Gives it from when tests run. */
export function demoPair(): { target: LanguageModel; draft: LanguageModel } {
  const pair = {} as { target: LanguageModel; draft: LanguageModel }
  beforeAll(async () => {
    const common = { gpu: false, threads: 1, sequences: 2, calibrate: false } as const
    pair.target = await loadModel({ path: target, ...common })
    pair.draft = await loadModel({ path: draft, ...common })
  })
  afterAll(async () => {
    await pair.draft.dispose()
    await pair.target.dispose()
  })
  return pair
}

const end = 128
const question = '<|im_start|>assistant\n'

/** A model of ASCII characters that answers everything with `text`. */
export function sayer(
  text: string,
  options: Partial<ToyModelOptions> = {},
  render: RenderChat | undefined = familyRenderer('hermes'),
): LanguageModel & { readonly passes: number } {
  const toy = new ToyModel({
    ...options,
    vocabSize: end + 1,
    contextLength: 4096,
    next: (context) => {
      const all = String.fromCharCode(...context)
      const said = all.length - all.lastIndexOf(question) - question.length
      const next = said < text.length ? text.charCodeAt(said) : end
      return Array.from({ length: end + 1 }, (_, token) => (token === next ? 1 : 0))
    },
  })
  const tokenizer = {
    ...characterTokenizer(),
    vocabSize: end + 1,
    isEnd: (token: TokenId) => token === end,
    decode: (tokens: readonly TokenId[]) => tokens.map((t) => (t === end ? '' : String.fromCharCode(t))).join(''),
    ...(render && { renderChat: render }),
  }
  return Object.defineProperty(toy, 'tokenizer', { value: tokenizer })
}

export function ask(options: Partial<LanguageModelV4CallOptions> = {}): LanguageModelV4CallOptions {
  return { prompt: [{ role: 'user', content: [{ type: 'text', text: 'Well?' }] }], ...options }
}

export async function read<Part>(stream: ReadableStream<Part>): Promise<Part[]> {
  const parts: Part[] = []
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return parts
    parts.push(value)
  }
}

/** Parts in short: deltas joined. */
export function short(parts: readonly LanguageModelV4StreamPart[]): string[] {
  const told: string[] = []
  for (const part of parts) {
    if (part.type === 'text-delta' || part.type === 'tool-input-delta') {
      if (told.at(-1)!.startsWith(`${part.type} `)) told[told.length - 1] += part.delta
      else told.push(`${part.type} ${part.delta}`)
    } else if (part.type === 'tool-call') told.push(`${part.type} ${part.toolName}(${part.input})`)
    else if (part.type === 'finish') told.push(`${part.type} ${part.finishReason.unified}`)
    else told.push(part.type)
  }
  return told
}
