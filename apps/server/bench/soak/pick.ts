import { type Chance, Distribution } from '@foretoken/core'

/** One of them, each as likely as the other. */
export function pick<T>(values: readonly T[], chance: Chance): T {
  return values[chance.draw(Distribution.of(new Float64Array(values.length).fill(1)))]!
}
