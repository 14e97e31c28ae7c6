import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { characters, complement, contains, everyCharacter, intersect, without } from './characters.js'
import { choice, empty, oneOf, optional, repeat, rule, sequence, text } from './expression.js'
import { lengths } from './intersection.js'
import { prepare } from './prepare.js'
import { utf8Ranges } from './utf8.js'

const range = fc
  .tuple(fc.integer({ min: 0, max: 0x10ffff }), fc.integer({ min: 0, max: 5000 }))
  .map(([first, more]) => [first, Math.min(0x10ffff, first + more)] as const)

describe('characters', () => {
  it('sets are what their operations say, and never have a surrogate', () => {
    fc.assert(
      fc.property(fc.array(range), fc.array(range), fc.array(fc.nat(0x10ffff)), (a, b, some) => {
        const [one, other] = [characters(a), characters(b)]
        const edges = [...a, ...b].flat().flatMap((edge) => [edge - 1, edge, edge + 1])
        for (const each of [...some, ...edges, 0xd800, 0xdfff].filter((each) => each >= 0 && each <= 0x10ffff)) {
          const valid = contains(everyCharacter, each)
          const [inOne, inOther] = [contains(one, each), contains(other, each)]
          expect(inOne).toBe(valid && a.some(([first, last]) => each >= first && each <= last))
          expect(contains(intersect(one, other), each)).toBe(inOne && inOther)
          expect(contains(without(one, other), each)).toBe(inOne && !inOther)
          expect(contains(complement(one), each)).toBe(valid && !inOne)
        }
      }),
    )
  })

  it('their UTF-8 is within the ranges, and nothing else is', () => {
    const utf8 = new TextEncoder()
    const isIn = (character: number, first: number, last: number) => {
      const bytes = utf8.encode(String.fromCodePoint(character))
      return utf8Ranges(first, last).filter(
        (ranges) =>
          ranges.length === bytes.length && ranges.every(([low, high], i) => bytes[i]! >= low && bytes[i]! <= high),
      ).length
    }
    fc.assert(
      fc.property(range, fc.nat(0x10ffff), ([first, last], some) => {
        for (const [from, to] of intersect([[first, last]], everyCharacter)) {
          for (const character of [some, from, to, from - 1, to + 1, Math.floor((from + to) / 2)]) {
            if (!contains(everyCharacter, character)) continue
            expect(isIn(character, from, to)).toBe(character >= from && character <= to ? 1 : 0)
          }
        }
      }),
    )
    expect(utf8Ranges(0, 0xd7ff).length + utf8Ranges(0xe000, 0x10ffff).length).toBeLessThan(10)
  })
})

describe('expressions', () => {
  const language = (body: Parameters<typeof repeat>[0], more: [string, Parameters<typeof repeat>[0]][] = []) =>
    prepare({ rules: new Map([['root', body], ...more]), root: 'root' }, 'test').rules

  it('know how long their texts are', () => {
    expect(lengths(sequence(text('a😀'), repeat(choice(text('xy'), oneOf([[1, 9]])), 2, 5)))).toEqual({
      min: 4,
      max: 12,
    })
    expect(lengths(repeat(empty, 0)).max).toBe(0)
    expect(lengths(repeat(text('a'), 3)).max).toBe(Number.POSITIVE_INFINITY)
  })

  it('repeat nothing that is empty', () => {
    const items = sequence(optional(text('a')), repeat(text('b'), 0))
    const [root] = language(repeat(items, 2, 4)).values()
    expect(root).toMatchObject({ kind: 'repeat', min: 0, max: 4 })
    expect(language(repeat(empty, 5)).get('root')).toEqual(empty)
  })

  it('lose what never ends, and what refers to it', () => {
    const endless: [string, Parameters<typeof repeat>[0]] = ['endless', sequence(text('x'), rule('endless'))]
    expect(language(choice(text('a'), sequence(text('b'), rule('endless'))), [endless]).get('root')).toEqual(text('a'))
    expect(() => language(rule('endless'), [endless])).toThrow('allows no text at all')
  })
})
