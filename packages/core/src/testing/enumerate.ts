import type { Chance } from '../sampling/chance.js'

export interface Branch<T> {
  readonly value: T
  /** The probability of this branch. Those of all branches sum to one. */
  readonly probability: number
}

/**
 * Follows every branch that `run` can take and gives each outcome with its exact probability: `run` is called once for
 * each branch, from the start, with a `Chance` that answers as that branch goes.
 *
 * @param run Random only through the chance it is given.
 */
export async function enumerate<T>(run: (chance: Chance) => T | Promise<T>): Promise<Branch<T>[]> {
  const branches: Branch<T>[] = []
  /** The open decisions of the current branch: which option it takes, and the options' probabilities. */
  const path: { option: number; probabilities: number[] }[] = []

  do {
    let depth = 0
    let probability = 1
    const decide = (options: () => number[]): number => {
      const step = (path[depth++] ??= { option: 0, probabilities: options() })
      probability *= step.probabilities[step.option]!
      return step.option
    }
    const value = await run({
      happens(chance) {
        if (!(chance > 0)) return false
        return chance >= 1 || decide(() => [chance, 1 - chance]) === 0
      },
      draw(distribution) {
        const { ids, weights, total } = distribution
        const possible: number[] = []
        for (let i = 0; i < weights.length; i++) if (weights[i]! > 0) possible.push(i)
        const index = possible.length === 1 ? 0 : decide(() => possible.map((i) => weights[i]! / total))
        return ids ? ids[possible[index]!]! : possible[index]!
      },
    })
    branches.push({ value, probability })
    // The next branch: the deepest decision that has an option left takes it.
    while (path.length > 0 && path[path.length - 1]!.option + 1 >= path[path.length - 1]!.probabilities.length)
      path.pop()
    if (path.length > 0) path[path.length - 1]!.option++
  } while (path.length > 0)
  return branches
}

/** The branches with equal outcomes added up. */
export function tally<T>(branches: readonly Branch<T>[], key: (value: T) => string = String): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { value, probability } of branches) sums.set(key(value), (sums.get(key(value)) ?? 0) + probability)
  return sums
}

/** The largest difference between two distributions over outcomes. */
export function distance(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  let largest = 0
  for (const key of new Set([...a.keys(), ...b.keys()])) {
    largest = Math.max(largest, Math.abs((a.get(key) ?? 0) - (b.get(key) ?? 0)))
  }
  return largest
}
