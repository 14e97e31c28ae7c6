import type { FinishReason } from '@foretoken/core'
import type { PieceToken } from './pieces.js'

/** A choice as one of the APIs writes it. */
export interface Choice {
  /** Whether it is complete although the model has not ended it. */
  readonly done: boolean
  /** What begins it in a stream, if anything does. */
  opening(): object | undefined
  /** What is new in a stream. @param rest Text that was still held back, at the end. */
  push(tokens: readonly PieceToken[], rest?: string): object[]
  /** A stream's entry without anything new. */
  empty(): object
  /** What ends it in a stream. @param reason Absent when it was {@link done}. */
  ending(reason: FinishReason | undefined): object
  /** All that was pushed, for an answer in one piece. */
  whole(reason: FinishReason | undefined): object
}
