import { ForetokenError, type FormatDescription } from '@foretoken/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFormat } from './index.js'
import { seeded } from './testing/random.js'
import { testVocabulary } from './testing/vocabulary.js'
import { accepts, randomText } from './testing/walk.js'

const vocabulary = testVocabulary()
const compile = (format: FormatDescription) => compileFormat(format, vocabulary)
const takes = (format: FormatDescription, text: string) => accepts(compile(format), text)

function messageOf(format: FormatDescription): string {
  try {
    compile(format)
  } catch (error) {
    expect(ForetokenError.is(error, 'invalid-argument')).toBe(true)
    return (error as Error).message
  }
  throw new Error('It was taken.')
}

describe('choice', () => {
  const choices = ['yes', 'yes, but', 'no', '"\\\n\t', 'naïve 漢字 😀', '{m,n} [a-z]* ::= |']
  it.each(choices)('%j is one', (text) => {
    expect(takes({ type: 'choice', choices }, text)).toBe(true)
  })
  it.each(['', 'y', 'yes,', 'yesno', 'No', 'yes, but no'])('%j is none', (text) => {
    expect(takes({ type: 'choice', choices }, text)).toBe(false)
  })
  it('characters of two units stay whole where choices part', () => {
    const pair = { type: 'choice', choices: ['a😀', 'a😁', 'a😀x'] } as const
    for (const each of pair.choices) expect(takes(pair, each)).toBe(true)
    expect(takes(pair, 'a')).toBe(false)
  })
  it('comes out as one of them', () => {
    const random = seeded(1)
    const found = new Set<string>()
    for (let i = 0; i < 60; i++) found.add(randomText(compile({ type: 'choice', choices }), vocabulary, random))
    expect([...found].sort()).toEqual([...choices].sort())
  })
  it('refuses none, and an empty one', () => {
    expect(messageOf({ type: 'choice', choices: [] })).toContain('at least one')
    expect(messageOf({ type: 'choice', choices: ['a', ''] })).toContain('choices[1] is empty')
    expect(messageOf({ type: 'choice', choices: ['\ud800'] })).toContain('surrogate')
  })
  it('takes thousands', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => `item ${i * 7919}`)
    expect(takes({ type: 'choice', choices: many }, many[4321]!)).toBe(true)
    expect(takes({ type: 'choice', choices: many }, 'item 1')).toBe(false)
  })
})

describe('regex', () => {
  it.each([
    ['(foo|bar)-[0-9]{2,4}', ['foo-12', 'bar-1234'], ['foo-1', 'foo-12345', 'xfoo-12', 'foo-12 ']],
    ['^a|b$', ['a', 'b'], ['ab', 'xb', 'ax']],
    ['^(?:^a|b)c$', ['ac', 'bc'], ['c']],
    [String.raw`\d+(?<frac>\.\d*?)?`, ['1', '1.', '1.5'], ['.5', '1.5.']],
    [String.raw`[^\s\w]+`, ['!?', '漢'], ['a', ' ', '!a']],
    [String.raw`\p{Lu}\P{Lu}*`, ['Äb', 'Z'], ['ä', 'ZZ']],
    [String.raw`\u{1F600}|\ud83d\ude01|[\x41-\x43\-\]]`, ['😀', '😁', 'B', '-', ']'], ['D', '😂']],
    [String.raw`[\b]\cA\0\t`, ['\b\u0001\0\t'], ['b']],
    ['.', ['a', '漢', '😀'], ['\n', '\u2028', 'ab', '']],
    ['', [''], ['a']],
    ['(a*)*b|(x?){3}y{0}', ['b', 'aab', '', 'xx'], ['a', 'xxxx', 'y']],
    ['(a{2,3}){2}', ['aaaa', 'aaaaaa'], ['aaa', 'aaaaaaa']],
    ['[a-f]{0,300}', ['', 'a'.repeat(300)], ['g', 'a'.repeat(301)]],
    ['x{70,}', ['x'.repeat(70), 'x'.repeat(200)], ['x'.repeat(69)]],
  ])('/%s/', (pattern, yes, no) => {
    for (const text of yes) expect(takes({ type: 'regex', pattern }, text), text).toBe(true)
    for (const text of no) expect(takes({ type: 'regex', pattern }, text), text).toBe(false)
  })

  it.each([
    ['a(?=b)', 'look-ahead'],
    ['(?!b)a', 'look-ahead'],
    ['(?<=a)b', 'look-behind'],
    ['(?<!a)b', 'look-behind'],
    [String.raw`(a)\1`, 'back-reference'],
    [String.raw`(?<n>a)\k<n>`, 'back-reference'],
    [String.raw`\bword\b`, 'word boundary'],
    ['a^b', '^ and $'],
    ['(a$)b', '^ and $'],
    ['(^a)*', '^ and $'],
    ['(', 'new RegExp'],
    ['a{2,1}', 'new RegExp'],
    [String.raw`\ud800`, 'surrogate'],
  ])('/%s/ is refused', (pattern, why) => {
    expect(messageOf({ type: 'regex', pattern })).toContain(why)
  })

  const letters = fc.constantFrom(
    'a',
    'b',
    'é',
    '0',
    String.raw`\d`,
    String.raw`\w`,
    String.raw`\s`,
    '[a-c]',
    '[^a]',
    '.',
    '😀',
  )
  const { pattern } = fc.letrec((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 3 },
      letters,
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `${String(a)}${String(b)}`),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${String(a)}|${String(b)})`),
      fc
        .tuple(tie('pattern'), fc.constantFrom('?', '*', '+', '{2}', '{1,3}', '{0,2}?', '{2,}', '{3,40}'))
        .map(([a, count]) => `(?:${String(a)})${count}`),
    ),
  }))

  it('random patterns: every text matches', () => {
    const closers = ['a', 'b', 'é', '0', ' ', '😀']
    fc.assert(
      fc.property(pattern as fc.Arbitrary<string>, fc.nat(), (pattern, seed) => {
        const text = randomText(compile({ type: 'regex', pattern }), vocabulary, seeded(seed), {
          patience: 12,
          closers,
        })
        expect(text).toMatch(new RegExp(`^(?:${pattern})$`, 'u'))
      }),
      { numRuns: 150 },
    )
  })

  it('random patterns: what matches is taken, and what does not is not', () => {
    const alphabet = fc.constantFrom('a', 'b', 'c', 'é', '0', ' ', '😀', '\n')
    fc.assert(
      fc.property(
        pattern as fc.Arbitrary<string>,
        fc.array(fc.array(alphabet, { maxLength: 8 }), { minLength: 5, maxLength: 15 }),
        (pattern, texts) => {
          const expected = new RegExp(`^(?:${pattern})$`, 'u')
          const constraint = compile({ type: 'regex', pattern })
          for (const text of texts.map((each) => each.join(''))) {
            expect(accepts(constraint, text), `/${pattern}/ ${JSON.stringify(text)}`).toBe(expected.test(text))
          }
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('JSON without a schema', () => {
  it.each(['{}', '[]', '{"a": 1, "b": [true, null, "x\\n"]}', '[-0.5e+10, "\\ud83d\\ude00"]'])(
    '%s is taken',
    (text) => {
      JSON.parse(text)
      expect(takes({ type: 'json' }, text)).toBe(true)
    },
  )
  it.each(['1', '"a"', '{"a":1}', '{ }', '[1,2]', '[01]', '["\\ud83d"]', '["\n"]', '{"a": }', '[1]\n'])(
    '%j is not',
    (text) => {
      expect(takes({ type: 'json' }, text)).toBe(false)
    },
  )
  it('every text parses', () => {
    const random = seeded(5)
    for (let i = 0; i < 100; i++) JSON.parse(randomText(compile({ type: 'json' }), vocabulary, random))
  })
})

it.each([
  [{ type: 'regex' }, 'needs pattern: a text'],
  [{ type: 'regex', pattern: /a/ }, 'needs pattern: a text'],
  [{ type: 'grammar', grammar: 1 }, 'needs grammar: a text'],
  [{ type: 'choice', choices: 'abc' }, 'needs choices: a list of texts'],
  [{ type: 'choice', choices: new Set(['a']) }, 'needs choices: a list of texts'],
])('a format without its field says which: %#', (format, why) => {
  expect(messageOf(format as unknown as FormatDescription)).toContain(why)
})

it('an unknown type of format is refused', () => {
  expect(messageOf({ type: 'xml' } as unknown as FormatDescription)).toContain('"xml" is no format')
})
