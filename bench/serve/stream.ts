import { ForetokenError } from '../../packages/core/src/index.js'

/** A streamed answer, as a client sees it. */
export interface Answer {
  /** As the usage tells. */
  readonly tokens: number
  /** Milliseconds from the request to the first text. NaN without any. */
  readonly firstMs: number
}

/**
 * Asks a server that speaks as OpenAI's do, by plain `fetch`.
 *
 * @param url Of `/v1/completions`.
 * @throws `runtime` when it refuses, or ends without a usage.
 */
export async function complete(url: string, body: object, signal: AbortSignal): Promise<Answer> {
  const started = performance.now()
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    signal,
  })
  if (!response.ok) throw new ForetokenError('runtime', `${url} answered ${response.status}: ${await response.text()}`)
  let firstMs = NaN
  let tokens: number | undefined
  for await (const { choices, usage } of events(response.body!)) {
    if (Number.isNaN(firstMs) && choices[0]?.text) firstMs = performance.now() - started
    tokens = usage?.completion_tokens ?? tokens
  }
  if (tokens === undefined) throw new ForetokenError('runtime', `${url} ended without a usage.`)
  return { tokens, firstMs }
}

interface Chunk {
  readonly choices: readonly { readonly text?: string }[]
  readonly usage?: { readonly completion_tokens: number } | null
}

/** The events of a stream, which may come in pieces of any size. @throws `runtime` for one that tells of an error. */
export async function* events(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Chunk> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of stream) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      if (!line.startsWith('data: ') || line === 'data: [DONE]') continue
      const event = JSON.parse(line.slice('data: '.length)) as Chunk & { readonly error?: { readonly message: string } }
      if (event.error) throw new ForetokenError('runtime', `A stream broke off: ${event.error.message}`)
      yield event
    }
  }
}
