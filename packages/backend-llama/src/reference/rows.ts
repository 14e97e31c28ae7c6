import type { TokenId } from '@foretoken/core'

/** Seeded numbers (mulberry32), so that every run looks at the same cases. */
export class Numbers {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0
  }

  /** In `[0, 1)`. */
  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  below(limit: number): number {
    return Math.floor(this.uniform() * limit)
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform()
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!
  }

  /** Box and Muller's. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform())
  }

  shuffled<T>(values: readonly T[]): T[] {
    const result = [...values]
    for (let i = result.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[result[i], result[j]] = [result[j]!, result[i]!]
    }
    return result
  }
}

/** Rows of logits that are made, easy ones and hard ones. */
export const rowKinds = {
  'as of a model': (numbers) => () => 3 * numbers.normal(),
  'nearly flat': (numbers) => () => 0.1 * numbers.normal(),
  'all negative': (numbers) => () => -30 - 3 * Math.abs(numbers.normal()),
  'one that dominates': (numbers, size) => {
    const top = numbers.below(size)
    return (token) => 2 * numbers.normal() + (token === top ? 40 : 0)
  },
  'a wide range': (numbers) => () => 200 * numbers.normal(),
  'many equal': (numbers) => () => Math.round(4 * numbers.normal()) / 2,
  'all equal': () => () => 1.5,
  'many banned': (numbers) => () => (numbers.uniform() < 0.4 ? -Infinity : 3 * numbers.normal()),
} as const satisfies Record<string, (numbers: Numbers, size: number) => (token: TokenId) => number>

export type RowKind = keyof typeof rowKinds

export function makeRow(kind: RowKind, size: number, numbers: Numbers): Float32Array {
  const logit = rowKinds[kind](numbers, size)
  return Float32Array.from({ length: size }, (_, token) => logit(token))
}

/** Texts that repeat themselves, of up to 300 tokens below `size`. */
export function makeHistory(size: number, numbers: Numbers): TokenId[] {
  const alphabet = Array.from({ length: 2 + numbers.below(6) }, () => numbers.below(size))
  const length = numbers.below(300)
  const phrase = Array.from({ length: 1 + numbers.below(40) }, () => numbers.pick(alphabet))
  return numbers.pick<() => TokenId[]>([
    () => [],
    () => Array.from({ length }, () => numbers.below(size)),
    () => Array.from({ length }, () => numbers.pick(alphabet)),
    () => Array.from({ length }, (_, index) => phrase[index % phrase.length]!),
    () =>
      Array.from({ length }, (_, index) =>
        numbers.uniform() < 0.05 ? numbers.below(size) : phrase[index % phrase.length]!,
      ),
  ])()
}
