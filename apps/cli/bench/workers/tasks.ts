import type { LoadOptions, SpreadMachine } from '@foretoken/backend-llama'
import type { PassTime } from '@foretoken/core'

/** What the near program is to do. */
export type Task =
  | {
      readonly op: 'open'
      readonly target: string
      readonly draft: string | undefined
      readonly options: Pick<LoadOptions, 'workers' | 'split' | 'threads' | 'contextSize' | 'calibrate'>
    }
  | {
      readonly op: 'generate'
      readonly prompt: string
      readonly maxTokens: number
      readonly drafts: boolean
      /** Above 0 with a seed: `coupled`. Default 0. */
      readonly temperature?: number
    }

/** What came of it: of `open` the second half, of `generate` the first. */
export interface Answer {
  readonly text: string
  /** The same, put together from what was streamed. */
  readonly streamed: string
  readonly tokens: number
  readonly decodeMs: number
  /** Tokens for each pass. */
  readonly tau: number
  readonly warnings: readonly string[]
  readonly description: string
  readonly passes: readonly PassTime[]
  readonly spread: readonly SpreadMachine[] | undefined
}
