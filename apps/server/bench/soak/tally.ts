import { median, quantile } from '../../../cli/src/measure/statistics.js'
import type { Answer } from './ask.js'
import type { Case } from './cases.js'
import type { Misdeed } from './misdeeds.js'

/** An answer that is not the one that was given to a client alone. */
export interface Difference {
  readonly one: Case
  readonly alone: string
  readonly given: string
  times: number
}

/** What the clients saw, all together. */
export class Tally {
  answers = 0
  tokens = 0
  /** Requests that were told to come again. */
  busy = 0
  /** Answers that came to their end after the server was told to stop, and requests that it took no more. */
  answeredAtEnd = 0
  refusedAtEnd = 0
  readonly misdeeds: Record<Misdeed, number> = { leaves: 0, despairs: 0, stammers: 0, intrudes: 0, overflows: 0 }
  readonly firstMs: number[] = []
  readonly faults = new Map<string, number>()
  private readonly found = new Map<string, Difference>()

  get differences(): readonly Difference[] {
    return [...this.found.values()]
  }

  /** Something that must not happen. */
  fault(what: string): void {
    this.faults.set(what, (this.faults.get(what) ?? 0) + 1)
  }

  /** @param alone What a client that was alone got. */
  answer(one: Case, given: Answer, alone: Answer): void {
    this.answers++
    this.tokens += given.tokens
    if (!Number.isNaN(given.firstMs)) this.firstMs.push(given.firstMs)
    const { traced } = given
    if (traced && (traced.count !== given.tokens || traced.text !== given.text)) {
      this.fault(`${one.id}: ${given.tokens} tokens by the usage, ${traced.count} told, or another text than told`)
    }
    if (given.text !== alone.text) this.differs(one, given.text, alone.text)
    else if (given.tokens !== alone.tokens || given.finishReason !== alone.finishReason) {
      this.fault(
        `${one.id}: the same text in ${given.tokens} tokens (${given.finishReason}) instead of ${alone.tokens} (${alone.finishReason})`,
      )
    }
  }

  private differs(one: Case, given: string, alone: string): void {
    const key = `${one.id}\n${given}`
    const found = this.found.get(key) ?? { one, alone, given, times: 0 }
    found.times++
    this.found.set(key, found)
  }
}

/** The most that memory may grow from the second fifth of a run to its last. */
export const mostGrowth = 1.05
/** With fewer, a fifth says nothing. */
const fewestSamples = 10

/**
 * How much memory grew: the median of the last fifth over that of the second, as the first fifth fills caches.
 *
 * @returns `undefined` with too few samples.
 */
export function growth(samples: readonly number[]): number | undefined {
  if (samples.length < fewestSamples) return undefined
  const fifth = Math.floor(samples.length / 5)
  return median(samples.slice(-fifth)) / median(samples.slice(fifth, 2 * fifth))
}

export function percentiles(values: readonly number[]): { readonly p50: number; readonly p95: number } {
  return { p50: median(values), p95: quantile(values, 0.95) }
}
