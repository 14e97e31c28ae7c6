import type { LanguageModel, PassTime, Sequence } from '@foretoken/core'

/** Usual drafts, and what lies around them. */
const widths = [1, 2, 3, 4, 5, 6, 8, 12, 16]
const mostMs = 1500
const mostRounds = 5

/** A prime: equal tokens would use equal experts in a mixture of them. */
const stride = 7919

/** Times passes of an unused model, on the way that generations take. */
export class PassTimer {
  readonly contextLength: number
  private readonly model: LanguageModel
  private readonly sequence: Sequence
  private readonly signal: AbortSignal | undefined
  private drawn = 0

  private constructor(model: LanguageModel, sequence: Sequence, signal: AbortSignal | undefined) {
    this.contextLength = model.contextLength
    this.model = model
    this.sequence = sequence
    this.signal = signal
  }

  static async open(model: LanguageModel, signal: AbortSignal | undefined): Promise<PassTimer> {
    return new PassTimer(model, await model.createSequence(), signal)
  }

  /** Runs a pass over so many tokens that all give logits. @returns Milliseconds. */
  async pass(tokens: number): Promise<number> {
    const text = Array.from({ length: tokens }, () => (stride * ++this.drawn) % this.model.vocabSize)
    const started = performance.now()
    await this.sequence.forward(text, { outputs: 'all', signal: this.signal })
    const ms = performance.now() - started
    await this.sequence.truncate(0)
    return ms
  }

  close(): Promise<void> {
    return this.sequence.dispose()
  }
}

/**
 * T(n): all widths once, then again while there is time. Where passes take long, only the first of them; at least two.
 */
export async function measurePasses(timer: PassTimer): Promise<PassTime[]> {
  const times = new Map<number, number>()
  const fitting = widths.filter((tokens) => tokens < timer.contextLength)
  let spent = 0
  for (let round = 0; round < mostRounds; round++) {
    for (const tokens of fitting) {
      if (spent >= mostMs && (round > 0 || times.size >= 2)) break
      const ms = await timer.pass(tokens)
      spent += ms
      // Other work on the machine only ever makes a pass longer.
      times.set(tokens, Math.min(ms, times.get(tokens) ?? Infinity))
    }
  }
  return [...times].map(([tokens, ms]) => ({ tokens, ms }))
}
