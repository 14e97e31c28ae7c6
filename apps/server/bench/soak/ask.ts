import type { OpenAI } from 'openai'
import type { Case } from './cases.js'

/** How a request wants to be drafted for: changes when the words come, and never which. */
export interface Drafting {
  readonly enabled?: boolean
  readonly strategy?: string
  readonly maxDraft?: number
  readonly trace?: boolean
}

export interface Answer {
  readonly text: string
  /** As the usage tells. */
  readonly tokens: number
  readonly finishReason: string
  /** Milliseconds from the request to the first text. NaN without any. */
  readonly firstMs: number
  /** The tokens that were told one by one, where that was asked for. */
  readonly traced: { readonly count: number; readonly text: string } | undefined
}

export interface AskOptions {
  readonly model: string
  readonly drafting?: Drafting | undefined
  readonly signal?: AbortSignal | undefined
  /** Called as soon as something has come. */
  readonly onChunk?: () => void
}

/** A stream that came to its end without saying so. */
export class CutOff extends Error {}

/** Streams one answer. @throws the client's errors; {@link CutOff} */
export async function ask(client: OpenAI, one: Case, options: AskOptions): Promise<Answer> {
  const { model, drafting, signal, onChunk } = options
  const started = performance.now()
  let [text, tracedText, tracedCount, firstMs] = ['', '', 0, NaN]
  let finishReason: string | undefined
  let tokens: number | undefined
  for await (const chunk of await open(client, one, { model, drafting, signal })) {
    onChunk?.()
    tokens = chunk.usage?.completion_tokens ?? tokens
    for (const token of chunk.foretoken?.tokens ?? []) {
      tracedText += token.text
      tracedCount++
    }
    const [choice] = chunk.choices
    const said = choice?.delta?.content ?? choice?.text ?? ''
    if (said !== '' && text === '') firstMs = performance.now() - started
    text += said
    finishReason = choice?.finish_reason ?? finishReason
  }
  if (finishReason === undefined || tokens === undefined) throw new CutOff('The stream ended before its last chunk.')
  const traced = drafting?.trace ? { count: tracedCount, text: tracedText } : undefined
  return { text, tokens, finishReason, firstMs, traced }
}

/** What chunks of both APIs have, and ours beyond them. */
interface Chunk {
  readonly choices: readonly {
    readonly text?: string
    readonly delta?: { readonly content?: string | null }
    readonly finish_reason: string | null
  }[]
  readonly usage?: { readonly completion_tokens: number } | null
  readonly foretoken?: { readonly tokens?: readonly { readonly text: string }[] }
}

async function open(
  client: OpenAI,
  { chat, prompt, maxTokens, temperature, seed }: Case,
  { model, drafting, signal }: AskOptions,
): Promise<AsyncIterable<Chunk>> {
  const common = {
    ...{ model, temperature, seed, max_tokens: maxTokens },
    stream: true as const,
    stream_options: { include_usage: true },
    ...(drafting && { speculative: drafting }),
  }
  const options = signal && { signal }
  if (!chat) return client.completions.create({ ...common, prompt }, options)
  return client.chat.completions.create({ ...common, messages: [{ role: 'user', content: prompt }] }, options)
}
