import type { EngineRequest } from '../engine/engine.js'
import type { Choice } from './choice.js'

/** A request of either API, read and checked. */
export interface Job {
  /** By prompt, the choices to be made of it. */
  readonly prompts: readonly (readonly EngineRequest[])[]
  /** @param index Among all choices of all prompts. */
  choice(index: number): Choice
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Whether the stream tells the origin of each token. */
  readonly trace: boolean
  readonly idPrefix: string
  /** OpenAI's names of what is answered: the fields `object` of an answer and of a chunk. */
  readonly object: string
  readonly chunkObject: string
  /** For the log, where prompts are to be logged. */
  readonly prompt: unknown
}
