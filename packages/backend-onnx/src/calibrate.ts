import type { LanguageModel, PassTime } from '@foretoken/core'

/** Usual drafts, and what lies around them. */
const widths = [1, 2, 3, 4, 5, 6, 8, 12, 16]
const mostMs = 1500
const mostRounds = 5

/** A prime: equal tokens would use equal experts in a mixture of them. */
const stride = 7919

/**
 * Times passes of an unused model, on the way that generations take: all widths once, then again while there is time.
 * Where passes take long, only the first of them; at least two.
 */
export async function measurePasses(model: LanguageModel, signal: AbortSignal | undefined): Promise<PassTime[]> {
  const times = new Map<number, number>()
  const sequence = await model.createSequence()
  const fitting = widths.filter((tokens) => tokens < model.contextLength)
  let drawn = 0
  let spent = 0
  for (let round = 0; round < mostRounds; round++) {
    for (const tokens of fitting) {
      if (spent >= mostMs && (round > 0 || times.size >= 2)) break
      const text = Array.from({ length: tokens }, () => (stride * ++drawn) % model.vocabSize)
      const started = performance.now()
      await sequence.forward(text, { outputs: 'all', signal })
      const ms = performance.now() - started
      await sequence.truncate(0)
      spent += ms
      // Other work on the machine only ever makes a pass longer.
      times.set(tokens, Math.min(ms, times.get(tokens) ?? Infinity))
    }
  }
  await sequence.dispose()
  return [...times].map(([tokens, ms]) => ({ tokens, ms }))
}
