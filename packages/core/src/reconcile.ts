import type { Sequence, TokenId } from './model.js'

/**
 * Rolls a sequence back to what it has in common with `context`, and says what is missing.
 *
 * At least the last token of the context is always missing, so that running the rest gives its logits.
 *
 * @param context At least one token.
 * @returns The tokens to `forward`, at least one.
 */
export async function reconcile(sequence: Sequence, context: readonly TokenId[]): Promise<readonly TokenId[]> {
  const held = sequence.tokens
  const most = Math.min(held.length, context.length - 1)
  let common = 0
  while (common < most && held[common] === context[common]) common++
  if (common < sequence.length) await sequence.truncate(common)
  return context.slice(common)
}
