/** A value, and which of the sources it came from. */
export interface Merged<T> {
  readonly index: number
  readonly value: T
}

/**
 * Several sources as one, in the order in which their values come. Each is asked for its next value when the last one has
 * been taken. When one fails the others are left, once what is under way there has settled: stop it first.
 */
export async function* merge<T>(sources: readonly AsyncGenerator<T, void>[]): AsyncGenerator<Merged<T>, void> {
  type Step = Merged<IteratorResult<T, void>>
  const ask = (index: number): Promise<Step> => sources[index]!.next().then((value) => ({ index, value }))
  const pending = new Map(sources.map((_, index) => [index, ask(index)]))
  try {
    while (pending.size > 0) {
      const { index, value: step } = await Promise.race(pending.values())
      pending.delete(index)
      if (step.done) continue
      yield { index, value: step.value }
      pending.set(index, ask(index))
    }
  } finally {
    for (const step of pending.values()) step.catch(() => {})
    for (const source of sources) source.return().catch(() => {})
  }
}
