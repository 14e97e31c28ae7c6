// What masks cost: npm run bench:masks
import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import type { FormatDescription, Matcher, TokenId } from '@foretoken/core'
import { compileFormat, type VocabularySource } from '../src/index.js'

const schema = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 100 },
    age: { type: 'integer', minimum: 0, maximum: 150 },
    email: { type: 'string', format: 'email' },
    notes: { type: 'array', items: { type: 'string', maxLength: 200 }, maxItems: 10 },
  },
  required: ['name', 'age', 'email', 'notes'],
}
const text =
  '{"name": "Ada Lovelace, Countess of Lovelace", "age": 36, "email": "ada@example.com", "notes": ["The engine might ' +
  'compose elaborate and scientific pieces of music of any degree of complexity or extent.", "It can follow analysis."]}'

const formats: readonly (readonly [name: string, format: FormatDescription, text: string])[] = [
  ['a person, by schema', { type: 'json', schema }, text],
  ['any JSON', { type: 'json' }, text],
  [
    'a string, maxLength 200',
    { type: 'json', schema: { type: 'string', maxLength: 200 } },
    JSON.stringify('word '.repeat(30)),
  ],
]

console.log(`Node ${process.versions.node}, ${cpus()[0]?.model}\n`)
const small = demoVocabulary()
for (const tokens of [small, widened(small, 32_000), widened(small, 152_000)]) {
  const source = sourceOf(tokens)
  const ready = timed(() => compileFormat({ type: 'choice', choices: ['x'] }, source))
  console.log(`${tokens.length} tokens: read in ${ready.ms.toFixed(0)} ms, once`)
  for (const [name, format, text] of formats) {
    const compiled = timed(() => compileFormat(format, source))
    const first = masksAlong(compiled.value.open(), tokens, text)
    const again = masksAlong(compiled.value.open(), tokens, text)
    const matcher = compiled.value.open()
    const [start] = encode(tokens, text)
    const step = timed(() => {
      for (let i = 0; i < 100_000; i++) {
        matcher.accept(start!)
        matcher.rollback(1)
      }
    })
    const figures = [
      `compiled in ${compiled.ms.toFixed(1)} ms`,
      `masks of the first text: median ${at(first, 0.5)}, slowest ${at(first, 1)} ms`,
      `of the next: median ${at(again, 0.5)}, slowest ${at(again, 1)} ms`,
      `accept and roll back ${(step.ms / 100).toFixed(2)} us`,
    ]
    console.log(`  ${name}: ${figures.join('; ')}`)
  }
}

/** How long each mask of a text takes, shortest first. */
function masksAlong(matcher: Matcher, tokens: readonly Uint8Array[], text: string): number[] {
  const times: number[] = []
  for (const token of encode(tokens, text)) {
    times.push(timed(() => matcher.mask()).ms)
    if (!matcher.accept(token)) throw new Error(`The format does not take ${text}.`)
  }
  return times.sort((a, b) => a - b)
}

function at(times: readonly number[], part: number): string {
  return times[Math.min(times.length - 1, Math.floor(times.length * part))]!.toFixed(3)
}

function timed<T>(work: () => T): { value: T; ms: number } {
  const start = performance.now()
  const value = work()
  return { value, ms: performance.now() - start }
}

/** The longest token first: near enough to what a tokenizer does. */
function encode(tokens: readonly Uint8Array[], text: string): TokenId[] {
  const ids = new Map(tokens.map((bytes, id) => [Buffer.from(bytes).toString('latin1'), id]))
  let rest = Buffer.from(text).toString('latin1')
  const found: TokenId[] = []
  while (rest !== '') {
    let length = Math.min(rest.length, 24)
    while (!ids.has(rest.slice(0, length))) length--
    found.push(ids.get(rest.slice(0, length))!)
    rest = rest.slice(length)
  }
  return found
}

/** The tokens of the demo models: byte-level, where bytes without a character of their own are those from U+0100. */
function demoVocabulary(): Uint8Array[] {
  const file = new URL('../../demo-models/models/tokenizer.json', import.meta.url)
  const { model, added_tokens: added } = JSON.parse(readFileSync(file, 'utf8')) as {
    model: { vocab: Record<string, number> }
    added_tokens: { id: number }[]
  }
  const byteOf = new Map<string, number>()
  let next = 0x100
  for (let byte = 0; byte < 256; byte++) {
    const itself = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
    byteOf.set(String.fromCharCode(itself ? byte : next++), byte)
  }
  const tokens: Uint8Array[] = []
  for (const [text, id] of Object.entries(model.vocab)) {
    tokens[id] = Uint8Array.from(text, (character) => byteOf.get(character) ?? 0)
  }
  for (const { id } of added) tokens[id] = new Uint8Array()
  return tokens
}

/** As many tokens as larger models have: pairs of the smaller ones' are about as long. */
function widened(tokens: readonly Uint8Array[], size: number): Uint8Array[] {
  const more = [...tokens]
  for (let i = 0; more.length < size; i++) {
    more.push(Buffer.concat([tokens[300 + ((i * 7919) % 3700)]!, tokens[300 + ((i * 104_729) % 3701)]!]))
  }
  return more
}

function sourceOf(tokens: readonly Uint8Array[]): VocabularySource {
  return { vocabSize: tokens.length, isEnd: (token) => token === 0, bytes: (token) => tokens[token]! }
}
