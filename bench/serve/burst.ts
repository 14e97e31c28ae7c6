import { median } from '../../apps/cli/src/measure/statistics.js'
import type { Answer } from './stream.js'

/** What a round of requests came to on one side. */
export interface Burst {
  readonly tokens: number
  /** Milliseconds from the first request to the last token, the prompts' reading and all. */
  readonly ms: number
  /** Median over the requests. */
  readonly firstMs: number
  /** Answers that ended of themselves: they make the round shorter than it was meant. */
  readonly short: number
}

/** So many clients share the prompts out among them: each asks for the next one as soon as it has its answer. */
export async function burst(
  prompts: readonly string[],
  { clients, maxTokens, ask }: { clients: number; maxTokens: number; ask: (prompt: string) => Promise<Answer> },
): Promise<Burst> {
  const left = prompts[Symbol.iterator]()
  const answers: Answer[] = []
  const started = performance.now()
  const client = async (): Promise<void> => {
    for (const prompt of left) answers.push(await ask(prompt))
  }
  await Promise.all(Array.from({ length: clients }, client))
  return {
    ms: performance.now() - started,
    tokens: answers.reduce((sum, { tokens }) => sum + tokens, 0),
    firstMs: median(answers.map(({ firstMs }) => firstMs)),
    short: answers.filter(({ tokens }) => tokens < maxTokens).length,
  }
}

/** Tokens per second, all clients together. */
export function throughput({ tokens, ms }: Pick<Burst, 'tokens' | 'ms'>): number {
  return (1000 * tokens) / ms
}
