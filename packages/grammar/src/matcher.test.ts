import { ForetokenError, type FormatDescription } from '@foretoken/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFormat } from './index.js'
import { pick, seeded } from './testing/random.js'
import { randomSchema } from './testing/schemas.js'
import { controls, ends, testVocabulary } from './testing/vocabulary.js'
import { allowed } from './testing/walk.js'

const vocabulary = testVocabulary()
const { vocabSize } = vocabulary

const recursive = `root ::= sum ("=" sum)?
sum ::= product ([-+] product){0,20}
product ::= ("(" sum ")" | [0-9]+ | "é" | .)
`
const formats: FormatDescription[] = [
  { type: 'json' },
  { type: 'json', schema: { type: 'string', maxLength: 30 } },
  { type: 'json', schema: { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } } } },
  { type: 'json', schema: { type: 'array', items: { type: 'string', minLength: 2, maxLength: 200 }, maxItems: 50 } },
  { type: 'grammar', grammar: recursive },
  { type: 'grammar', grammar: 'root ::= ("a"? "aa"? [^a]{0,40} "é"*){2,3}' },
  { type: 'regex', pattern: '(a|ab|abc)*(c|bc)?|.{0,60}x' },
  { type: 'choice', choices: ['a', 'ab', 'abc', 'the', 'the quick brown fox', '😀', '"\n\\'] },
  ...Array.from({ length: 12 }, (_, seed) => ({ type: 'json' as const, schema: randomSchema(seeded(seed + 7)) })),
]

describe('a matcher', () => {
  it.each(formats)('%j: what it allows is what its mask says', (format) => {
    const constraint = compileFormat(format, vocabulary)
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 25 }), (seed, length) => {
        const random = seeded(seed)
        const matcher = constraint.open()
        for (let i = 0; i < length; i++) {
          const mask = matcher.mask().slice()
          for (let token = 0; token < vocabSize; token++) {
            const bit = (mask[token >> 5]! >>> (token & 31)) & 1
            if (matcher.allows(token) !== (bit === 1)) throw new Error(`Token ${token} after ${i}: the bit is ${bit}.`)
          }
          const choices = allowed(mask, vocabSize)
          if (choices.length === 0) break
          expect(matcher.accept(pick(choices, random))).toBe(true)
        }
      }),
      { numRuns: 15 },
    )
  })

  it.each(formats)('%j: rolled back, it is as it was', (format) => {
    const matcher = compileFormat(format, vocabulary).open()
    const random = seeded(11)
    const before: { mask: Int32Array; forced: string }[] = []
    const now = () => ({ mask: matcher.mask().slice(), forced: matcher.forced!() })
    for (let step = 0; step < 200; step++) {
      const choices = allowed(matcher.mask(), vocabSize)
      if (choices.length > 0 && random() < 0.7) {
        before.push(now())
        expect(matcher.accept(pick(choices, random))).toBe(true)
      } else if (before.length > 0) {
        const count = 1 + Math.floor(random() * Math.min(5, before.length))
        matcher.rollback(count)
        expect(now()).toEqual(before[before.length - count])
        before.length -= count
      }
    }
  })

  it('takes nothing after an end, until that is rolled back', () => {
    const matcher = compileFormat({ type: 'choice', choices: ['a'] }, vocabulary).open()
    expect(matcher.allows(ends[0])).toBe(false)
    expect(matcher.accept('a'.charCodeAt(0) + 2)).toBe(true)
    expect(allowed(matcher.mask(), vocabSize)).toEqual([...ends])
    expect(matcher.accept(ends[1])).toBe(true)
    expect(allowed(matcher.mask(), vocabSize)).toEqual([])
    expect(matcher.accept(ends[1])).toBe(false)
    expect(matcher.forced!()).toBe('')
    matcher.rollback(2)
    expect(matcher.allows('a'.charCodeAt(0) + 2)).toBe(true)
  })

  it('refuses what is no token, and control tokens, and changes nothing by it', () => {
    const matcher = compileFormat({ type: 'regex', pattern: '.*' }, vocabulary).open()
    const mask = matcher.mask().slice()
    for (const token of [-1, vocabSize, 1e9, 0.5, Number.NaN, ...controls]) {
      expect(matcher.allows(token), String(token)).toBe(false)
      expect(matcher.accept(token), String(token)).toBe(false)
    }
    expect(matcher.mask()).toEqual(mask)
    expect(mask).toHaveLength(Math.ceil(vocabSize / 32))
    expect(vocabSize % 32).toBe(7)
    expect(mask.at(-1)! >>> 7).toBe(0)
  })

  it('two texts of one constraint do not disturb each other', () => {
    const constraint = compileFormat({ type: 'choice', choices: ['abc', 'xyz'] }, vocabulary)
    const [one, other] = [constraint.open(), constraint.open()]
    one.accept('a'.charCodeAt(0) + 2)
    other.accept('x'.charCodeAt(0) + 2)
    expect([one.forced!(), other.forced!()]).toEqual(['bc', 'yz'])
  })

  it('tells what must come next, in whole characters', () => {
    const schema = { type: 'object', properties: { größe: { enum: ['漢字', '漢和'] } }, required: ['größe'] }
    const matcher = compileFormat({ type: 'json', schema }, vocabulary).open()
    expect(matcher.forced!()).toBe('{"größe": "漢')
    for (const byte of new TextEncoder().encode('{"größe": "漢字').slice(0, -2)) matcher.accept(byte + 2)
    expect(matcher.forced!()).toBe('')
    const open = compileFormat({ type: 'regex', pattern: 'ab?' }, vocabulary).open()
    expect(open.forced!()).toBe('a')
    open.accept('a'.charCodeAt(0) + 2)
    expect(open.forced!()).toBe('')
  })

  it('needs the bytes of tokens', () => {
    const mute = { vocabSize: 3, isEnd: () => false }
    const compile = () => compileFormat({ type: 'json' }, mute)
    expect(compile).toThrow('Tokenizer.bytes')
    try {
      compile()
    } catch (error) {
      expect(ForetokenError.is(error, 'unsupported')).toBe(true)
    }
  })

  it('a grammar that can be read in too many ways says so', () => {
    // Each "a" opens either of two rules, and only the end tells which.
    const grammar = 'root ::= x | y\nx ::= "a" root "b" | "a"\ny ::= "a" root "c" | "a"'
    const matcher = compileFormat({ type: 'grammar', grammar }, vocabulary).open()
    const many = () => {
      for (let i = 0; i < 40; i++) matcher.accept('a'.charCodeAt(0) + 2)
    }
    expect(many).toThrow('less ambiguous')
  })
})
