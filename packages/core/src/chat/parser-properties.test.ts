import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { call, families, type Family, read, tag } from './test-answers.js'

/** How a call is written, and what stands around it. */
interface Form {
  readonly family: Family
  readonly open: string
  readonly close: string
  readonly key: 'arguments' | 'parameters'
  /** Whether a call must stand at the beginning of a line. */
  readonly ownLine?: boolean
}

const forms: [name: string, form: Form][] = [
  ['in tags', { family: 'hermes', open: '<tool_call>\n', close: '\n</tool_call>', key: 'arguments' }],
  ['bare', { family: 'llama', open: '', close: '', key: 'parameters', ownLine: true }],
  ['in a fence', { family: 'llama', open: '```json\n', close: '\n```', key: 'arguments' }],
  ['behind a marker', { family: 'llama', open: '<|python_tag|>', close: '', key: 'parameters' }],
  ['in a list', { family: 'mistral', open: '[TOOL_CALLS] [', close: ']<|end|>', key: 'arguments' }],
]

/** Parts of markers and of JSON, blanks, and anything else. */
const scraps = fc.oneof(
  fc.constantFrom('<', '<tool', '</tool_call', 'tool_call>', '`', '```js', '<|', '|>', 'TOOL_CALLS]', '}', ']'),
  fc.constantFrom(' ', '\n', '\r\n', '\u00a0', ',', ';', ':', '"', '\\', '"name": "f"', 'f'),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
)
const join = (parts: readonly string[]): string => parts.join('')
/** What no call begins in. */
const words = fc
  .array(scraps, { maxLength: 8 })
  .map(join)
  .filter((text) => !/[{[]|<tool_call>|```json|<\|python_tag\|>/.test(text))

const texts = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom('</tool_call>', '"}', '{"name": "g"', '```', ']<|end|>', '\n', 'name'),
)
const given = fc
  .tuple(fc.dictionary(texts, fc.oneof(texts, fc.jsonValue()), { maxKeys: 4 }), fc.constantFrom(0, 2))
  .map(([value, indent]) => JSON.stringify(value, undefined, indent))

/** Lengths of the pieces that an answer comes in; what is left is the last. */
const lengths = fc.array(fc.nat(12), { maxLength: 30 })

function cut(text: string, into: readonly number[]): string[] {
  const pieces: string[] = []
  let from = 0
  for (const length of into) pieces.push(text.slice(from, (from += length)))
  return [...pieces, text.slice(from)]
}

describe('a call', () => {
  it.each(forms)('%s is found to the letter, and so are the words around it, wherever the answer ends', (_, form) => {
    const { family, open, close, key, ownLine } = form
    const cases = fc.record({
      first: words,
      args: given,
      nameFirst: fc.boolean(),
      after: words,
      percent: fc.oneof(fc.constant(100), fc.nat(100)),
      into: lengths,
    })
    fc.assert(
      fc.property(cases, ({ first, args, nameFirst, after, percent, into }) => {
        const before = ownLine && first.trim() !== '' ? `${first}\n` : first
        const [head, tail] = nameFirst ? [`{"name": "f", "${key}": `, '}'] : [`{"${key}": `, ', "name": "f"}']
        const answer = before + open + head + args + tail + close + after
        const end = Math.round((percent / 100) * answer.length)

        const argsFrom = before.length + open.length + head.length
        // Before the name and the first of the arguments were read, it may be anything.
        const certain = argsFrom + (nameFirst ? 1 : args.length + tail.length - 1)
        const told = [before.trimEnd(), `0 f(${answer.slice(argsFrom, Math.min(end, argsFrom + args.length))})`]
        const said = answer.slice(answer.length - after.length, end)
        if (!/^[\s,;]*$/.test(said)) told.push(said)
        expect(read(family, cut(answer.slice(0, end), into))).toEqual(
          (end < certain ? [answer.slice(0, end)] : told).filter((part) => part !== ''),
        )
      }),
      { numRuns: 400 },
    )
  })
})

describe('an answer of any kind', () => {
  const parts = fc.oneof(
    scraps,
    fc.constantFrom(
      '<tool_call>',
      '</tool_call>',
      '```json\n',
      '[TOOL_CALLS]',
      '{',
      '[',
      '{"name": "f", "arguments": {',
    ),
    fc.constantFrom(call('g', '{}'), call('f', '{"a": [1]}'), tag(call('f', '{}')), call('h', '{}')),
  )
  const answers = fc.array(parts, { maxLength: 12 }).map(join)
  const family = fc.constantFrom(...families)

  it('is read alike however it is cut', () => {
    fc.assert(
      fc.property(family, answers, lengths, fc.boolean(), fc.boolean(), (form, answer, into, parallel, opened) => {
        const options = { parallel, opened }
        expect(read(form, cut(answer, into), options)).toEqual(read(form, [answer], options))
      }),
      { numRuns: 2000 },
    )
  })

  it('is all words where there is nothing to call', () => {
    fc.assert(
      fc.property(family, answers, lengths, fc.boolean(), (form, answer, into, opened) => {
        expect(read(form, cut(answer, into), { names: new Set(), opened }).join('')).toBe(answer)
      }),
      { numRuns: 2000 },
    )
  })
})
