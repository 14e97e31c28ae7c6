import {
  generate,
  type GenerateEvent,
  type GenerateOptions,
  type GenerateResult,
  type TokenOrigin,
} from '@foretoken/core'

/** One generation, timed. */
export interface Decoded {
  readonly result: GenerateResult
  /** Tokens of the rounds that {@link ms} covers. */
  readonly tokens: number
  /** Milliseconds of decoding: every round but the first, in which the draft reads the prompt. */
  readonly ms: number
  /** Milliseconds from the start to the end of the first round: reading the prompt, on both sides. */
  readonly prefillMs: number
  /** How many tokens came from where. */
  readonly origins: Readonly<Record<TokenOrigin, number>>
}

/**
 * Generates, and times the decoding apart from the reading of the prompt. The clock stands still while the caller looks
 * at an event, so drawing on a terminal costs nothing.
 */
export async function decode(
  options: GenerateOptions,
  onEvent?: (event: GenerateEvent, soFar: { tokens: number; ms: number }) => void,
): Promise<Decoded> {
  const events = generate(options)[Symbol.asyncIterator]()
  let clock = 0
  let prefillMs: number | undefined
  let tokens = 0
  const origins = { accepted: 0, corrected: 0, bonus: 0, plain: 0 }
  for (;;) {
    const started = performance.now()
    const step = await events.next()
    clock += performance.now() - started
    if (step.done) throw new Error('A generation ended without a result.')
    const event = step.value
    if (event.type === 'token') origins[event.origin]++
    if (event.type === 'token' && prefillMs !== undefined) tokens++
    onEvent?.(event, { tokens, ms: clock - (prefillMs ?? clock) })
    if (event.type === 'finish') {
      const prefill = prefillMs ?? clock
      return { result: event.result, tokens, ms: clock - prefill, prefillMs: prefill, origins }
    }
    // A round ends with the target's own token.
    if (event.type === 'token' && event.origin !== 'accepted') prefillMs ??= clock
  }
}

/** Tokens per second, of one generation or of several together. NaN when there was but one round. */
export function tokensPerSecond(runs: readonly { readonly tokens: number; readonly ms: number }[]): number {
  const tokens = runs.reduce((sum, run) => sum + run.tokens, 0)
  const ms = runs.reduce((sum, run) => sum + run.ms, 0)
  return ms > 0 ? (tokens / ms) * 1000 : NaN
}
