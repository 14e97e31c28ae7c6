import { textOf, type Chunk, type RunStats } from './protocol.js'
import { Rounds, type Round } from './rounds.js'
import { serverSentData } from './server-sent.js'

export interface RunRequest {
  readonly api: 'completion' | 'chat'
  readonly model: string
  readonly prompt: string
  readonly temperature: number
  readonly maxTokens: number
  readonly seed: number
  /** `false`: plain decoding. */
  readonly speculate: boolean
  readonly strategy?: string | undefined
  readonly maxDraft?: number | undefined
  readonly key?: string | undefined
}

/** What the server refused, in its own words. */
export class ServerError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

export interface RunProgress {
  readonly rounds: Rounds
  /** The first round that has changed since the last time. */
  readonly changed: Round | undefined
  readonly stats: RunStats | undefined
}

/** Asks the server and follows its stream. Throws a {@link ServerError}, or the signal's reason. */
export async function* run(request: RunRequest, signal: AbortSignal): AsyncGenerator<RunProgress, undefined> {
  const answer = await fetch(request.api === 'chat' ? 'v1/chat/completions' : 'v1/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization(request.key) },
    body: JSON.stringify(bodyOf(request)),
    signal,
  })
  if (!answer.ok || !answer.body) throw new ServerError(answer.status, await refusal(answer))

  const rounds = new Rounds()
  let stats: RunStats | undefined
  for await (const data of serverSentData(answer.body)) {
    if (data === '[DONE]') return undefined
    const chunk = JSON.parse(data) as Chunk
    if (chunk.error) throw new ServerError(500, chunk.error.message ?? 'The server ended the text with an error.')
    let changed: Round | undefined
    let traced = ''
    for (const token of chunk.foretoken?.tokens ?? []) {
      traced += token.text
      const round = rounds.push(token)
      changed ??= round
    }
    const rest = textOf(chunk).slice(traced.length)
    if (rest !== '') {
      const round = rounds.append(rest) ?? rounds.push({ text: rest, origin: 'plain' })
      changed ??= round
    }
    stats = chunk.foretoken?.stats ?? stats
    yield { rounds, changed, stats }
  }
  throw new ServerError(answer.status, 'The connection ended before the text did.')
}

export function authorization(key: string | undefined): Record<string, string> {
  return key ? { authorization: `Bearer ${key}` } : {}
}

function bodyOf(request: RunRequest): object {
  const { api, model, prompt, temperature, maxTokens, seed, speculate, strategy, maxDraft } = request
  return {
    model,
    ...(api === 'chat' ? { messages: [{ role: 'user', content: prompt }] } : { prompt }),
    temperature,
    seed,
    [api === 'chat' ? 'max_completion_tokens' : 'max_tokens']: maxTokens,
    stream: true,
    speculative: {
      trace: true,
      enabled: speculate,
      ...(speculate && strategy !== undefined && { strategy }),
      ...(speculate && maxDraft !== undefined && { maxDraft }),
    },
  }
}

async function refusal(answer: Response): Promise<string> {
  const text = await answer.text()
  try {
    const { error } = JSON.parse(text) as Chunk
    if (error?.message) return error.message
  } catch {
    // Not JSON: something between the page and the server has answered.
  }
  return `The server answered ${answer.status} ${answer.statusText}.`
}
