import { promptKinds, prompts } from '@foretoken/demo-models'

/** A request whose answer is known: greedy, or drawn with a seed, so that it is the same whoever drafts. */
export interface Case {
  readonly id: string
  /** Asked as a chat of one message, or as a text to go on with. */
  readonly chat: boolean
  readonly prompt: string
  readonly maxTokens: number
  readonly temperature: number
  readonly seed: number
}

const lengths = [8, 24, 48, 96]

/** @param count Prompts of each kind: each is asked greedily and with a seed. */
export async function openCases(count: number): Promise<Case[]> {
  const lists = await Promise.all(promptKinds.map((kind) => prompts(kind)))
  const texts = lists.flatMap((list) => list.slice(0, count))
  return texts.flatMap(({ id, text }, i) =>
    [0, 0.8].map((temperature) => ({
      id: `${id} at ${temperature}`,
      chat: i % 3 === 0,
      prompt: text,
      maxTokens: lengths[i % lengths.length]!,
      temperature,
      seed: i,
    })),
  )
}
