import type { Llama } from 'node-llama-cpp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileFormat } from '@foretoken/grammar'
import type { Calls } from '../ffi/calls.js'
import type { Pointer } from '../ffi/structs.js'
import { openRuntime } from '../runtime.js'
import { targetPath } from '../test-models.js'
import { LlamaTokenizer } from '../tokenizer.js'
import { LlamaGrammars } from './grammar.js'
import { randomGrammar } from './grammar-random.js'
import { grammarOf, randomSchema, recursiveSchema } from './grammar-schemas.js'
import { written } from './grammar-texts.js'
import { newTally, Walk } from './grammar-walk.js'
import { Numbers } from './rows.js'

/** Times as many cases. */
const more = process.env.FORETOKEN_FULL === '1' ? 6 : 1

let calls: Calls
let vocabOnly: Pointer
let tokenizer: LlamaTokenizer
let grammars: LlamaGrammars
let llama: Llama
const tally = newTally()

beforeAll(async () => {
  const runtime = await openRuntime(false)
  llama = runtime.llama
  calls = runtime.calls!
  const params = { ...calls.llama_model_default_params(), n_gpu_layers: 0, vocab_only: true }
  vocabOnly = calls.llama_model_load_from_file(targetPath, params)!
  const vocab = calls.llama_model_get_vocab(vocabOnly)!
  tokenizer = new LlamaTokenizer(calls, vocab, 'test', undefined)
  grammars = new LlamaGrammars(runtime, vocab, tokenizer.vocabSize)
})

afterAll(() => {
  grammars.free()
  calls.llama_model_free(vocabOnly)
})

const walk = <T>(grammar: string, use: (walk: Walk) => T): T => {
  const one = new Walk(grammars, tokenizer, grammar, tally)
  try {
    return use(one)
  } finally {
    one.free()
  }
}

describe('the masks are those of llama.cpp', () => {
  it.each(written)('%s', (name, grammar, ...texts) => {
    for (const text of texts) {
      walk(grammar, (one) => {
        for (const token of tokenizer.encode(text)) {
          expect(one.compare(), text).toContain(token)
          one.accept(token)
        }
        const end = one.compare().find((token) => tokenizer.isEnd(token))
        expect(end, text).toBeDefined()
        one.end(end!)
      })
    }
    const numbers = new Numbers(name.length)
    for (let i = 0; i < 2 * more; i++) walk(grammar, (one) => one.random(numbers, 24))
  })

  it('random grammars', () => {
    const numbers = new Numbers(1)
    for (let i = 0; i < 80 * more; i++) walk(randomGrammar(numbers), (one) => one.random(numbers, 12))
    // Texts get somewhere, and back.
    expect(tally.ends).toBeGreaterThan(50)
    expect(tally.rollbacks).toBeGreaterThan(100)
  })

  it('the grammars that node-llama-cpp makes of schemas', async () => {
    const numbers = new Numbers(2)
    for (let i = 0; i < 50 * more; i++) {
      const schema = i === 0 ? recursiveSchema : randomSchema(numbers)
      const grammar = await grammarOf(llama, schema)
      walk(grammar, (one) => one.random(numbers, 20))
    }
  })

  it('back to every shorter text', () => {
    for (const [, grammar, text] of written) {
      walk(grammar, (one) => {
        for (const token of tokenizer.encode(text!).slice(0, 16)) one.accept(token)
        const length = one.path.length
        for (let left = 0; left < length; left++) {
          one.rollback(one.path.length - left)
          one.compare()
          for (const token of tokenizer.encode(text!).slice(left, length)) one.accept(token)
        }
        one.compare()
      })
    }
  })
})

describe('where llama.cpp differs', () => {
  /** The reasons for differences after a text, with their counts, and the masks. */
  const after = (grammar: string, ...bytes: (number | string)[]) => {
    const differences = newTally()
    const one = new Walk(grammars, tokenizer, grammar, differences)
    for (const byte of bytes.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part)] : [part]))) {
      one.accept(single(byte))
    }
    const both = one.compare()
    one.free()
    const { states: _, rollbacks: __, ends: ___, ...reasons } = differences
    return { both, reasons: Object.fromEntries(Object.entries(reasons).filter(([, count]) => count > 0)) }
  }
  const single = (byte: number) => tokens().find((token) => Buffer.from([byte]).equals(tokenizer.bytes(token)))!
  const tokens = () => Array.from({ length: tokenizer.vocabSize }, (_, token) => token)
  const takes = (grammar: string): boolean => {
    const text = grammars.open(grammar)
    text?.free()
    return text !== undefined
  }
  const ours = (grammar: string) => compileFormat({ type: 'grammar', grammar }, tokenizer).open()

  it('bytes that are not UTF-8, zero bytes, and control tokens', () => {
    const control = tokens().filter((token) => tokenizer.bytes(token).length === 0 && !tokenizer.isEnd(token))
    const names = control.map((token) => tokenizer.decode([token], { special: true }))
    // F5 to FF begin no character.
    expect(after('root ::= .*').reasons).toEqual({ 'not UTF-8': 11, 'zero byte': 1, 'control token': names.length })
    // After these, fewer bytes may follow: no surrogates, nothing that fewer bytes could say, nothing beyond Unicode.
    expect(after('root ::= .*', 0xe1).reasons).toEqual({})
    expect(after('root ::= .*', 0xed).reasons).toEqual({ 'not UTF-8': 32 })
    expect(after('root ::= .*', 0xe0).reasons).toHaveProperty('not UTF-8')
    expect(after('root ::= .*', 0xf0).reasons).toHaveProperty('not UTF-8')
    expect(after('root ::= .*', 0xf4).reasons).toHaveProperty('not UTF-8')
    // Their names are text: as such, ours takes them, in other tokens.
    const [name] = names
    const named = after(`root ::= "${name}"`)
    expect(named.reasons).toEqual({ 'control token': 1 })
    expect(named.both).toContain(single(0x3c))
  })

  it('half a character, where a class excludes another that begins alike', () => {
    // C3 A9 is excluded; by bytes, llama.cpp lets nothing be written that begins with C3.
    const { both, reasons } = after('root ::= [^é]+')
    expect(reasons).toMatchObject({ 'refused early': 1 })
    expect(both).not.toContain(single(0xc3))
    expect(ours('root ::= [^é]+').allows(single(0xc3))).toBe(true)
  })

  it('the end, after a token that begins another character', () => {
    const half = tokens().find((token) => Buffer.from(tokenizer.bytes(token)).equals(Buffer.from([0x20, 0xe2, 0x80])))!
    const grammar = 'root ::= " " | " …"'
    const differences = newTally()
    const one = new Walk(grammars, tokenizer, grammar, differences)
    one.accept(half)
    expect(one.compare()).toEqual([single(0xa6)])
    expect(differences['end inside a character']).toBe(1)
    one.free()
  })

  it('after the end: llama.cpp goes on where it was', () => {
    const end = tokens().find((token) => tokenizer.isEnd(token))!
    const [matcher, text] = [ours('root ::= "a"*'), grammars.open('root ::= "a"*')!]
    matcher.accept(end)
    text.accept(end)
    expect(matcher.mask().every((bits) => bits === 0)).toBe(true)
    expect(text.allows(single(0x61))).toBe(true)
    text.free()
  })

  it('what can never end: llama.cpp runs into it', () => {
    const grammar = 'root ::= "a" | "b" more\nmore ::= "b" more'
    const text = grammars.open(grammar)!
    expect([text.allows(single(0x62)), ours(grammar).allows(single(0x62))]).toEqual([true, false])
    text.free()
  })

  it('an empty class is no character; llama.cpp skips it', () => {
    const grammar = 'root ::= [] "b" | "a"'
    const text = grammars.open(grammar)!
    expect([text.allows(single(0x62)), ours(grammar).allows(single(0x62))]).toEqual([true, false])
    text.free()
    const negated = grammars.open('root ::= [^] "b"')!
    expect([negated.allows(single(0x62)), negated.allows(single(0x61))]).toEqual([true, false])
    expect(ours('root ::= [^] "b"').allows(single(0x61))).toBe(true)
    negated.free()
  })

  it('repetitions above 2,000 have no limit there', () => {
    const grammar = 'root ::= "a"{0,2001}'
    const [matcher, text] = [ours(grammar), grammars.open(grammar)!]
    const a = single(0x61)
    for (let i = 0; i < 2001; i++) {
      matcher.accept(a)
      text.accept(a)
    }
    expect([text.allows(a), matcher.allows(a)]).toEqual([true, false])
    text.free()
  })

  it.each([
    // What llama.cpp calls left recursion is none: something that may be empty is repeated.
    'root ::= ("a" | )* "b"',
    'root ::= "a"\n  | "b"',
    'root ::=\n"a"\n"b"',
    'root ::= a_b\na_b ::= "x"',
    String.raw`root ::= "\." [\^a]`,
    'root ::= "a"{,3}',
    'root ::= "a"{2001}',
    'root ::= ""*',
  ])('only ours takes %j', (grammar) => {
    expect(takes(grammar)).toBe(false)
    expect(
      ours(grammar)
        .mask()
        .some((bits) => bits !== 0),
    ).toBe(true)
  })

  it.each([
    'root ::= "a"\nroot ::= "b"',
    'root ::= "a" | [z-y]',
    String.raw`root ::= "\ud800" | "a"`,
    'root ::= <[97]>',
  ])('only llama.cpp takes %j', (grammar) => {
    expect(takes(grammar)).toBe(true)
    expect(() => ours(grammar)).toThrow(/./)
  })

  it.each([
    'root ::= root "a" | "a"',
    'root ::= a\na ::= "z"? a "x" | "y"',
    'root ::= b',
    'root ::= "a',
    'root ::= [a',
    'rut ::= "a"',
  ])('both refuse %j', (grammar) => {
    expect(takes(grammar)).toBe(false)
    expect(() => ours(grammar)).toThrow(/./)
  })
})
