import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { FormatDescription } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import { compileFormat } from './index.js'
import { pick, seeded } from './testing/random.js'
import { testVocabulary } from './testing/vocabulary.js'
import { allowed } from './testing/walk.js'

setFlagsFromString('--expose_gc')
const collect = runInNewContext('gc') as () => void

function heapAfter(work: () => void): number {
  work()
  collect()
  return process.memoryUsage().heapUsed / 2 ** 20
}

describe('memory', () => {
  const random = seeded(2)
  const write = (format: FormatDescription, vocabulary: ReturnType<typeof testVocabulary>, tokens: number) => {
    const matcher = compileFormat(format, vocabulary).open()
    let written = 0
    while (written < tokens) {
      // Lists stay open, so that texts are long.
      const choices = allowed(matcher.mask(), vocabulary.vocabSize).filter(
        (token) => !vocabulary.isEnd(token) && !vocabulary.bytes!(token).includes(0x5d),
      )
      if (choices.length === 0 || !matcher.accept(pick(choices, random))) break
      written++
    }
    matcher.dispose?.()
    return written
  }

  it('a thousand formats, opened and left, leave nothing behind', () => {
    const vocabulary = testVocabulary()
    const some = (from: number, count: number) => () => {
      for (let i = from; i < from + count; i++) {
        write({ type: 'json', schema: { type: 'string', pattern: `^a${i}[a-z]*$`, maxLength: 60 } }, vocabulary, 8)
      }
    }
    const early = heapAfter(some(0, 100))
    expect(heapAfter(some(100, 1000)) - early).toBeLessThan(8)
  })

  it('one format for many long texts', () => {
    const vocabulary = testVocabulary()
    // Every place has counts of its own: there are millions of states.
    const items = { type: 'array', items: { type: 'string', maxLength: 700 }, maxItems: 900 }
    const format: FormatDescription = { type: 'json', schema: { type: 'array', items, maxItems: 100 } }
    const some = (count: number) => () => {
      for (let i = 0; i < count; i++) expect(write(format, vocabulary, 3000)).toBe(3000)
    }
    const early = heapAfter(some(4))
    expect(heapAfter(some(12)) - early).toBeLessThan(60)
  }, 60_000)

  it('a vocabulary that nobody has any more takes its formats along', () => {
    const some = (count: number) => () => {
      for (let i = 0; i < count; i++) write({ type: 'json' }, testVocabulary(), 50)
    }
    const early = heapAfter(some(5))
    expect(heapAfter(some(60)) - early).toBeLessThan(8)
  })
})
