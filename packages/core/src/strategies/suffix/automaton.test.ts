import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SuffixAutomaton } from './automaton.js'
import { Cursor } from './cursor.js'

/** Few tokens, so that runs recur. */
const text = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 })
const texts = fc.array(text, { maxLength: 5 })

function automatonOf(all: readonly (readonly number[])[]): SuffixAutomaton {
  const automaton = new SuffixAutomaton()
  for (const one of all) {
    for (const token of one) automaton.add(token)
    automaton.end()
  }
  return automaton
}

/** Where `run` ends in each text, in the order in which it was read. */
function ends(all: readonly (readonly number[])[], run: readonly number[]): { text: readonly number[]; end: number }[] {
  return all.flatMap((one) =>
    one.flatMap((_, i) =>
      i + 1 >= run.length && run.every((token, j) => one[i + 1 - run.length + j] === token)
        ? [{ text: one, end: i + 1 }]
        : [],
    ),
  )
}

/** What follows most often, of equals what did so last. */
function naiveBest(all: readonly (readonly number[])[], run: readonly number[]): number | undefined {
  const counts = new Map<number, number>()
  let best: number | undefined
  for (const { text: one, end } of ends(all, run)) {
    const next = one[end]
    if (next === undefined) continue
    counts.set(next, (counts.get(next) ?? 0) + 1)
    if (best === undefined || counts.get(next)! >= counts.get(best)!) best = next
  }
  return best
}

const stateOf = (automaton: SuffixAutomaton, run: readonly number[]): number => {
  let state = 0
  for (const token of run) {
    state = automaton.follow(state, token)
    if (state === 0) return 0
  }
  return state
}

function* runs(all: readonly (readonly number[])[]): Generator<readonly number[]> {
  for (const one of all) {
    for (let from = 0; from < one.length; from++) {
      for (let to = from + 1; to <= Math.min(one.length, from + 8); to++) yield one.slice(from, to)
    }
  }
}

describe('SuffixAutomaton', () => {
  it('counts every run, and knows what follows it most often, as a search of the texts does (property)', () => {
    fc.assert(
      fc.property(texts, (all) => {
        const automaton = automatonOf(all)
        for (const run of runs(all)) {
          const state = stateOf(automaton, run)
          expect(automaton.count(state)).toBe(ends(all, run).length)
          const best = automaton.best(state)
          expect(best === 0 ? undefined : automaton.token(best)).toBe(naiveBest(all, run))
        }
      }),
      { numRuns: 150 },
    )
  })

  it('does not know what does not occur (property)', () => {
    fc.assert(
      fc.property(texts, fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 }), (all, run) => {
        expect(stateOf(automatonOf(all), run) !== 0).toBe(ends(all, run).length > 0)
      }),
    )
  })

  it('is right at any time, not only at the end (property)', () => {
    fc.assert(
      fc.property(text, (one) => {
        const automaton = new SuffixAutomaton()
        one.forEach((token, i) => {
          automaton.add(token)
          const run = one.slice(Math.max(0, i - 1), i + 1)
          expect(automaton.count(stateOf(automaton, run))).toBe(ends([one.slice(0, i + 1)], run).length)
        })
      }),
    )
  })

  it('grows past its first arrays', () => {
    const one = Array.from({ length: 3000 }, (_, i) => (i * i * 7919) % 1009)
    const automaton = automatonOf([one])
    for (let i = 0; i + 2 < one.length; i += 97) {
      const run = one.slice(i, i + 2)
      expect(automaton.count(stateOf(automaton, run))).toBe(ends([one], run).length)
    }
  })

  it('takes a token in bounded time, however the text goes round', () => {
    const automaton = new SuffixAutomaton()
    for (let i = 0; i < 50_000; i++) automaton.add(5)
    // Uncut, each token would be counted in all states so far: a thousand million steps.
    expect(automaton.count(stateOf(automaton, [5]))).toBe(50_000)
    expect(automaton.bytes).toBeLessThan(100_000)
  })
})

describe('Cursor', () => {
  const longestEnd = (all: readonly (readonly number[])[], read: readonly number[]): number => {
    let length = read.length
    while (length > 0 && ends(all, read.slice(-length)).length === 0) length--
    return length
  }

  it('finds the longest end of a text that occurs in others (property)', () => {
    fc.assert(
      fc.property(texts, text, (all, read) => {
        const cursor = new Cursor(automatonOf(all))
        read.forEach((token, i) => {
          cursor.read(token)
          expect(cursor.length).toBe(longestEnd(all, read.slice(0, i + 1)))
        })
      }),
    )
  })

  it('stands right while the automaton grows under it (property)', () => {
    fc.assert(
      fc.property(texts, texts, text, (before, after, read) => {
        const automaton = automatonOf(before)
        const cursor = new Cursor(automaton)
        for (const token of read) cursor.read(token)
        const run = read.slice(read.length - cursor.length)
        for (const one of after) {
          for (const token of one) automaton.add(token)
          automaton.end()
        }
        expect(automaton.count(cursor.state)).toBe(
          cursor.length === 0 ? automaton.tokens : ends([...before, ...after], run).length,
        )
      }),
    )
  })

  it('finds where its own text was before, when it reads ahead of the automaton (property)', () => {
    fc.assert(
      fc.property(text, (read) => {
        const automaton = new SuffixAutomaton()
        const cursor = new Cursor(automaton)
        read.forEach((token, i) => {
          cursor.read(token)
          automaton.add(token)
          expect(cursor.length).toBe(longestEnd([read.slice(0, i)], read.slice(0, i + 1)))
          if (cursor.length > 0) {
            const run = read.slice(i + 1 - cursor.length, i + 1)
            expect(automaton.count(cursor.state)).toBe(ends([read.slice(0, i + 1)], run).length)
          }
        })
      }),
    )
  })
})
