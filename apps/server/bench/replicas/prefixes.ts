import { setMaxListeners } from 'node:events'
import { type Chance, createChance } from '@foretoken/core'
import { prompts } from '@foretoken/demo-models'
import OpenAI from 'openai'
import type { ChatCompletionMessageParam, CompletionUsage } from 'openai/resources'
import { median } from '../../../cli/src/measure/statistics.js'
import { pick } from '../soak/pick.js'
import { startBalancer } from './balancer.js'
import { startFleet } from './fleet.js'

export interface PrefixesOptions {
  readonly replicas: number
  readonly conversations: number
  /** Questions in each. All conversations have their first, then all their second: people think in between. */
  readonly turns: number
  /** Questions at a time. */
  readonly clients: number
  readonly signal: AbortSignal
}

/** How the balancer chose: by the conversation, or each replica in turn. */
export type Policy = 'hash' | 'in turn'

export interface PrefixesReport {
  readonly policy: Policy
  readonly promptTokens: number
  /** Of those, the ones that a replica had read before. */
  readonly cachedTokens: number
  /** From the second turn on, the median time from a request to the first text. */
  readonly firstMs: number
}

const policies = ['hash', 'in turn'] as const
const maxTokens = 16

/** Places in the caches of all replicas, for each conversation: some more, as a hash does not fill them evenly. */
const places = 1.5

/** The same conversations twice over the same replicas: by the hash, and in turn. */
export async function prefixes(options: PrefixesOptions): Promise<PrefixesReport[]> {
  const { replicas, conversations, turns, clients, signal } = options
  setMaxListeners(0, signal)
  const parallel = Math.ceil((places * conversations) / replicas)
  const fleet = await startFleet({ replicas, parallel, queue: clients, signal })
  try {
    const { model } = fleet.replicas[0]!
    const urls = fleet.replicas.map(({ url }) => url)
    const openings = (await prompts('chat')).map(({ text }) => text)
    const reports: PrefixesReport[] = []
    for (const policy of policies) {
      // In the same order each time, each would come to the same replica in turn, too.
      const chance = createChance(1)
      const balancer = await startBalancer({ urls, inTurn: policy === 'in turn' })
      try {
        const client = new OpenAI({ baseURL: `${balancer.url}/v1`, apiKey: 'none' })
        const talks = Array.from({ length: conversations }, (_, i): ChatCompletionMessageParam[] => {
          // Begins in its own way, so that none finds what another has read, nor what was read under the other policy.
          return [{ role: 'user', content: `${policy}, ${i}. ${openings[i % openings.length]!}` }]
        })
        const seen: Turn[] = []
        for (let turn = 0; turn < turns; turn++) {
          const waiting = shuffled(talks, chance)
          const work = async (): Promise<void> => {
            for (let talk = waiting.shift(); talk; talk = waiting.shift()) {
              seen.push({ turn, ...(await take(client, talk, { model, signal })) })
            }
          }
          await Promise.all(Array.from({ length: clients }, work))
        }
        const sum = (of: (turn: Turn) => number): number => seen.reduce((all, turn) => all + of(turn), 0)
        reports.push({
          policy,
          promptTokens: sum(({ promptTokens }) => promptTokens),
          cachedTokens: sum(({ cachedTokens }) => cachedTokens),
          firstMs: median(seen.filter(({ turn }) => turn > 0).map(({ firstMs }) => firstMs)),
        })
      } finally {
        await balancer.stop()
      }
    }
    return reports
  } finally {
    fleet.kill()
  }
}

function shuffled<T>(values: readonly T[], chance: Chance): T[] {
  const left = [...values]
  return values.map(() => {
    const next = pick(left, chance)
    left.splice(left.indexOf(next), 1)
    return next
  })
}

interface Turn {
  readonly turn: number
  readonly promptTokens: number
  readonly cachedTokens: number
  readonly firstMs: number
}

/** Asks the question that `talk` ends with, and puts the answer and the next one behind it. */
async function take(
  client: OpenAI,
  talk: ChatCompletionMessageParam[],
  { model, signal }: { readonly model: string; readonly signal: AbortSignal },
): Promise<Omit<Turn, 'turn'>> {
  const started = performance.now()
  let [text, firstMs] = ['', NaN]
  let usage: CompletionUsage | null | undefined
  const stream = await client.chat.completions.create(
    {
      model,
      messages: talk,
      max_tokens: maxTokens,
      temperature: 0,
      stream: true,
      stream_options: { include_usage: true },
    },
    { signal },
  )
  for await (const chunk of stream) {
    const piece = chunk.choices[0]?.delta.content ?? ''
    if (text === '' && piece !== '') firstMs = performance.now() - started
    text += piece
    usage = chunk.usage
  }
  talk.push({ role: 'assistant', content: text }, { role: 'user', content: 'And then?' })
  return { promptTokens: usage!.prompt_tokens, cachedTokens: usage!.prompt_tokens_details!.cached_tokens!, firstMs }
}
