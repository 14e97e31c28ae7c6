import type { Metrics } from './metrics.js'
import type { Sequence, TokenId } from './model.js'
import { reconcile } from './reconcile.js'

/** Reading is told of after so many tokens. As many as the widest passes take: fewer would slow the reading down. */
const tokensPerPiece = 512

/** How far the reading of a long prompt has come. */
export interface PromptEvent {
  readonly type: 'prompt'
  readonly text: ''
  /** How many of the prompt's tokens the target's cache holds. */
  readonly read: number
  /** All of the prompt's tokens. The last one is left to the first round. */
  readonly total: number
}

/**
 * Brings `target` up to all of `context` but its last token.
 *
 * @returns Events before the first piece and after each, when there are several.
 */
export async function* readPrompt(
  target: Sequence,
  context: readonly TokenId[],
  metrics: Metrics,
  signal: AbortSignal | undefined,
): AsyncGenerator<PromptEvent, void> {
  const total = context.length
  const event = (): PromptEvent => ({ type: 'prompt', text: '', read: target.length, total })
  const started = performance.now()
  const missing = (await reconcile(target, context)).slice(0, -1)
  metrics.prefillMs += performance.now() - started
  metrics.cachedTokens = target.length
  const long = missing.length > tokensPerPiece
  if (long) yield event()
  for (let from = 0; from < missing.length; from += tokensPerPiece) {
    // The reader's time between pieces is not ours.
    const pieceStarted = performance.now()
    await target.forward(missing.slice(from, from + tokensPerPiece), { outputs: 'none', signal })
    metrics.prefillMs += performance.now() - pieceStarted
    if (long) yield event()
  }
}
