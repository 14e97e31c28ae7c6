import { readFile } from 'node:fs/promises'
import type { LlamaModel } from '@foretoken/backend-llama'
import { loadModel } from '@foretoken/backend-llama'
import { target, tokenizer as demoTokenizer } from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HubTokenizer } from './hub-tokenizer.js'
import type { TokenizerJson } from './tokenizer-json.js'

let llama: LlamaModel
let ours: HubTokenizer

beforeAll(async () => {
  llama = await loadModel({ path: target, contextSize: 64, gpu: false, calibrate: false })
  const json = JSON.parse(await readFile(demoTokenizer, 'utf8')) as TokenizerJson
  const end = '<|endoftext|>'
  ours = new HubTokenizer({ json, config: { bos_token: end, eos_token: end }, vocabSize: 4096, endTokens: [] })
})

afterAll(() => llama?.dispose())

const texts = [
  '',
  ' ',
  '\n',
  '\r\n\r\n\t \n  x',
  'a',
  "It's what they'LL say we've DONE, I'd think",
  'export function add(a: number, b: number): number {\n  return a + b\n}\n',
  'for (let i = 0; i < 1_000_000; i++) { sum += values[i]! ** 2 }   // done   \n\n\n',
  'Größe, naïve, ångström, Ελληνικά, русский, עברית, العربية, हिन्दी, 中文字符, 日本語, 한국어',
  '👍🏽 👨‍👩‍👧‍👦 🇩🇪 e\u0301 \u200b\u200d x\u00a0y\u2003z',
  '\ufeffwith a mark\u0085next line\u2028and another\u2029end',
  '<|endoftext|>',
  'before <|endoftext|><|fim_prefix|> after <|endoftext',
  '\u0000\u0001\u001f\u007f',
  '0 1 22 333 4444 55555 ½ ² Ⅷ ١٢٣',
  'lone \ud800 surrogate \udfff',
  'x'.repeat(2000),
  ' '.repeat(300),
]

/** Repeatable, from a mix of what is common and what is not. */
function* randomTexts(count: number): Generator<string> {
  let seed = 1
  const next = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return Math.floor((seed / 2 ** 32) * below)
  }
  const pools = [
    () => String.fromCodePoint(32 + next(95)),
    () => ' \n\t\r'[next(4)]!,
    () => String.fromCodePoint(next(0x300)),
    () => String.fromCodePoint(0x2000 + next(0x1000)),
    () => String.fromCodePoint(0x1f300 + next(0x400)),
    () => ['<|endoftext|>', '<|', '|>', "'s", 'return', ' const', 'ing'][next(7)]!,
  ]
  for (let text = 0; text < count; text++) {
    yield Array.from({ length: next(60) }, () => pools[next(pools.length)]!()).join('')
  }
}

describe("the demo models' tokenizer is the same in both forms:", () => {
  it('the fingerprint and the size', () => {
    expect(ours.fingerprint).toBe(llama.tokenizer.fingerprint)
    expect(ours.vocabSize).toBe(llama.tokenizer.vocabSize)
  })

  // What differs is collected: an assertion for each of thousands takes longer than all they look at.
  it('the bytes, the text and the end of every token', () => {
    const differ = Array.from({ length: ours.vocabSize }, (_, token) => token).filter((token) => {
      const [a, b] = [ours, llama.tokenizer].map((each) => [
        ...each.bytes!(token),
        each.decode([token], { special: true }),
        each.isEnd(token),
      ])
      return a!.join() !== b!.join()
    })
    expect(differ).toEqual([])
    expect(ours.isEnd(4092)).toBe(true)
  })

  it.each([{}, { special: true }, { start: true }, { special: true, start: true }])('texts, encoded with %o', (how) => {
    const differ = [...texts, ...randomTexts(500)].filter((text) => {
      const tokens = llama.tokenizer.encode(text, how)
      // The last is cut where characters may be incomplete.
      const [a, b] = [ours, llama.tokenizer].map((each) => [
        each.encode(text, how).join(),
        each.decode(tokens, how),
        each.decode(tokens.slice(1, -1)),
      ])
      return a!.some((part, at) => part !== b![at])
    })
    expect(differ).toEqual([])
  })

  it('what is no token is refused', () => {
    for (const token of [-1, 4096, 0.5]) {
      for (const call of [() => ours.isEnd(token), () => ours.bytes(token), () => ours.decode([token])]) {
        expect(call).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
      }
    }
  })
})
