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

/** How far a generation has come. */
export interface SoFar {
  readonly tokens: number
  readonly ms: number
}

/** Generates, and times the decoding apart from the reading of the prompt. */
export async function decode(
  options: GenerateOptions,
  onEvent?: (event: GenerateEvent, soFar: SoFar) => void,
): Promise<Decoded> {
  const rounds = decodeRounds(options, onEvent)
  for (;;) {
    const step = await rounds.next()
    if (step.done) return step.value
  }
}

/**
 * The same, a round at a time. The clock stands still while the caller looks at an event or does something else between
 * two rounds, so drawing on a terminal costs nothing.
 */
export async function* decodeRounds(
  options: GenerateOptions,
  onEvent?: (event: GenerateEvent, soFar: SoFar) => void,
): AsyncGenerator<SoFar, Decoded> {
  const events = generate(options)[Symbol.asyncIterator]()
  let clock = 0
  let prefillMs: number | undefined
  let tokens = 0
  const origins = { accepted: 0, corrected: 0, bonus: 0, plain: 0 }
  try {
    for (;;) {
      const started = performance.now()
      const step = await events.next()
      clock += performance.now() - started
      if (step.done) throw new Error('A generation ended without a result.')
      const event = step.value
      if (event.type === 'token') origins[event.origin]++
      if (event.type === 'token' && prefillMs !== undefined) tokens++
      const soFar = { tokens, ms: clock - (prefillMs ?? clock) }
      onEvent?.(event, soFar)
      if (event.type === 'finish') {
        return { ...soFar, result: event.result, prefillMs: prefillMs ?? clock, origins }
      }
      // A round ends with the target's own token.
      if (event.type !== 'token' || event.origin === 'accepted') continue
      prefillMs ??= clock
      yield soFar
    }
  } finally {
    await events.return?.(undefined)
  }
}

/** Tokens per second, of one generation or of several together. NaN when there was but one round. */
export function tokensPerSecond(runs: readonly { readonly tokens: number; readonly ms: number }[]): number {
  const tokens = runs.reduce((sum, run) => sum + run.tokens, 0)
  const ms = runs.reduce((sum, run) => sum + run.ms, 0)
  return ms > 0 ? (tokens / ms) * 1000 : NaN
}
