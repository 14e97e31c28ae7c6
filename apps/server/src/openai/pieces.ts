import type { GenerateEvent, GenerateResult, TokenId, TokenLogprobs, TokenOrigin } from '@foretoken/core'

/** A token of a piece. Its text may lag behind, as characters and stop strings complete. */
export interface PieceToken {
  readonly token: TokenId
  readonly text: string
  readonly origin: TokenOrigin
  /** Where it is `corrected`: the guesses that were dropped, first the one that it stands in place of. */
  readonly refused?: readonly TokenId[]
  readonly logprobs?: TokenLogprobs
}

/** What a generation says at once. */
export type Piece =
  /** The tokens of a round. */
  | { readonly type: 'round'; readonly tokens: readonly PieceToken[] }
  | { readonly type: 'prompt'; readonly read: number; readonly total: number }
  | { readonly type: 'finish'; readonly text: string; readonly result: GenerateResult }

/**
 * Events by the round: its tokens come in one go anyway, and a chunk for all of them costs clients and server as much as a
 * chunk for one.
 */
export async function* piecesOf(events: AsyncIterable<GenerateEvent>): AsyncGenerator<Piece, void> {
  let tokens: PieceToken[] = []
  for await (const event of events) {
    if (event.type === 'prompt') yield event
    if (event.type === 'token') tokens.push(event)
    const over = event.type === 'finish' || (event.type === 'token' && event.origin !== 'accepted')
    if (over && tokens.length > 0) {
      yield { type: 'round', tokens }
      tokens = []
    }
    if (event.type === 'finish') yield event
  }
}
