import type { FinishReason, GenerateResult } from '@foretoken/core'
import type { Engine, EngineRequest } from '../engine/engine.js'
import type { Choice } from './choice.js'
import { type PieceToken, piecesOf } from './pieces.js'

/** How a choice ended. */
export interface Outcome {
  readonly promptTokens: number
  readonly tokens: number
  /** Absent when it was complete before the model ended it. */
  readonly result: GenerateResult | undefined
}

export type Step =
  | { readonly type: 'prompt'; readonly read: number; readonly total: number }
  /** `entries`: the choice's new entries for a stream, of these tokens. */
  | { readonly type: 'said'; readonly entries: readonly object[]; readonly tokens: readonly PieceToken[] }
  | { readonly type: 'end'; readonly outcome: Outcome }

/** Runs one choice. */
export async function* say(engine: Engine, request: EngineRequest, choice: Choice): AsyncGenerator<Step, void> {
  let tokens = 0
  for await (const piece of piecesOf(await engine.submit(request))) {
    if (piece.type === 'prompt') {
      yield piece
    } else if (piece.type === 'round') {
      tokens += piece.tokens.length
      yield { type: 'said', entries: choice.push(piece.tokens), tokens: piece.tokens }
      if (choice.done) break
    } else {
      const { result } = piece
      yield { type: 'said', entries: choice.push([], piece.text), tokens: [] }
      yield { type: 'end', outcome: { promptTokens: result.stats.promptTokens, tokens: result.tokens.length, result } }
      return
    }
  }
  // Only chats end their choices, and their prompts are tokens.
  yield { type: 'end', outcome: { promptTokens: request.prompt?.length ?? 0, tokens, result: undefined } }
}

export function reasonOf({ result }: Outcome): FinishReason | undefined {
  return result?.finishReason
}
