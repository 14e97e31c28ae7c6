import { describe, expect, it } from 'vitest'
import { constrain } from './constrain.js'
import { HubTokenizer } from './hub-tokenizer.js'
import type { TokenizerConfig, TokenizerJson } from './tokenizer-json.js'

/** As Llama 2 has it: SentencePiece as BPE, a space before every text, bytes for what has no token. */
function sentencePiece(): TokenizerJson {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  const pieces = ['▁', 'h', 'i', 's', '<', '/', '>', 'hi', '▁hi', '▁▁', 'é']
  const vocab = Object.fromEntries(['<unk>', '<s>', '</s>', ...bytes, ...pieces].map((text, token) => [text, token]))
  return {
    added_tokens: [
      { id: 0, content: '<unk>', special: true },
      { id: 1, content: '<s>', special: true },
      { id: 2, content: '</s>', special: true },
    ],
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '<s>' } }, { Sequence: { id: 'A' } }],
    },
    decoder: { type: 'Sequence', decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }] },
    model: {
      type: 'BPE',
      vocab,
      merges: ['h i', '▁ hi', '▁ ▁'],
      byte_fallback: true,
      fuse_unk: true,
      unk_token: '<unk>',
    },
  } as TokenizerJson
}

/** The same pieces by their scores. */
function unigram(byteFallback: boolean): TokenizerJson {
  const json = sentencePiece()
  const vocab = Object.keys(json.model.vocab).map((text, token): [string, number] => [
    text,
    token < 259 ? 0 : -text.length,
  ])
  return {
    ...json,
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', prepend_scheme: 'first' },
    decoder: { type: 'Metaspace' },
    model: { type: 'Unigram', vocab, unk_id: 0, byte_fallback: byteFallback },
  } as TokenizerJson
}

function make(json: TokenizerJson, config: TokenizerConfig = {}, vocabSize = 272): HubTokenizer {
  return new HubTokenizer({ json, config, vocabSize, endTokens: [2] })
}

const byte = (value: number): number => 3 + value
const piece = (index: number): number => 259 + index
const [space, , , s, less, slash, greater, , hi, spaces, accented] = Array.from({ length: 11 }, (_, at) => piece(at))

describe('a SentencePiece tokenizer', () => {
  const tokenizer = make(sentencePiece())

  it('splits by its merges, with a space in front', () => {
    expect(tokenizer.encode('hi')).toEqual([hi])
    expect(tokenizer.encode('hi  hi')).toEqual([hi, space, hi])
    expect(tokenizer.encode('   é')).toEqual([spaces, spaces, accented])
    expect(tokenizer.encode('')).toEqual([])
  })

  it('takes bytes for what has no token', () => {
    expect(tokenizer.encode('hi\n👍')).toEqual([hi, byte(0x0a), ...[0xf0, 0x9f, 0x91, 0x8d].map(byte)])
  })

  it('gives the bytes of every token', () => {
    const bytes = (token: number): string => Buffer.from(tokenizer.bytes(token)).toString('latin1')
    expect([0, 1, 2].map(bytes)).toEqual(['', '', ''])
    for (let value = 0; value < 256; value++) expect(tokenizer.bytes(byte(value))).toEqual(Uint8Array.of(value))
    expect([space!, hi!, spaces!].map(bytes)).toEqual([' ', ' hi', '  '])
    expect(tokenizer.bytes(accented!)).toEqual(Uint8Array.from(Buffer.from('é')))
    // The model has two more rows than there are tokens.
    expect([270, 271].map(bytes)).toEqual(['', ''])
  })

  it('writes incomplete characters as U+FFFD', () => {
    const tokens = tokenizer.encode('hi👍hi')
    expect(tokenizer.decode(tokens)).toBe(' hi👍hi')
    expect(tokenizer.decode(tokens.slice(0, 3))).toBe(' hi�')
    expect(tokenizer.decode(tokens.slice(2, 5))).toBe('���')
  })

  it('takes the text of a control token for text, unless it is asked not to', () => {
    expect(tokenizer.encode('</s>')).toEqual([space, less, slash, s, greater])
    expect(tokenizer.encode('</s>', { special: true })).toEqual([2])
    expect(tokenizer.encode('<0x0A>')).toEqual([space, less, byte(0x30), byte(0x78), byte(0x30), byte(0x41), greater])
    expect(tokenizer.decode([1, hi!, 2])).toBe(' hi')
    expect(tokenizer.decode([1, hi!, 2], { special: true })).toBe('<s> hi</s>')
  })

  it('puts its start token in front once', () => {
    expect(tokenizer.encode('hi', { start: true })).toEqual([1, hi])
    expect(tokenizer.encode('<s>hi', { start: true, special: true })).toEqual([1, hi])
    expect(tokenizer.encode('', { start: true })).toEqual([1])
  })

  it("goes by its config's word on the start token", () => {
    const without = make(sentencePiece(), { add_bos_token: false, bos_token: '<s>' })
    expect(without.encode('hi', { start: true })).toEqual([hi])
    const end = make(sentencePiece(), { add_bos_token: true, bos_token: { content: '</s>' } })
    expect(end.encode('hi', { start: true })).toEqual([2, hi])
  })
})

describe('a Unigram tokenizer', () => {
  it('splits by its scores, with a space in front of the text only', () => {
    const tokenizer = make(unigram(true))
    expect(tokenizer.encode('hi hi')).toEqual([hi, hi])
    expect(tokenizer.encode('hi</s>s', { special: true })).toEqual([hi, 2, s])
  })

  it('takes bytes for what has no token, or its unknown token', () => {
    expect(make(unigram(true)).encode('hi👍')).toEqual([hi, ...[0xf0, 0x9f, 0x91, 0x8d].map(byte)])
    expect(make(unigram(false)).encode('hi👍')).toEqual([hi, 0])
  })

  it('takes the text of a control token for text', () => {
    expect(make(unigram(true)).encode('</s>')).toEqual([space, less, slash, s, greater])
    expect(make(unigram(true)).encode('<0x0A>')).not.toContain(byte(0x0a))
  })
})

describe('added tokens', () => {
  const json = (): TokenizerJson => ({
    ...sentencePiece(),
    added_tokens: [
      ...sentencePiece().added_tokens!,
      { id: 270, content: '<tool>', special: false },
      { id: 271, content: '<tool>s', special: false },
      { id: 272, content: '<|user|>', special: false },
      { id: 273, content: '<mid>', special: true, lstrip: true, rstrip: true },
    ],
  })
  const tokenizer = make(json(), {}, 274)

  it('that are text are found in any text, the longest first', () => {
    expect(tokenizer.encode('hi<tool>hi')).toEqual([hi, 270, hi])
    expect(tokenizer.encode('<tool>s')).toEqual([271])
    expect(tokenizer.decode([270])).toBe('<tool>')
  })

  it('that look like control tokens are, whatever they are marked as', () => {
    expect(tokenizer.encode('<|user|>')).not.toContain(272)
    expect(tokenizer.encode('<|user|>', { special: true })).toEqual([272])
    expect(tokenizer.decode([272])).toBe('')
  })

  it('may take the white space around them', () => {
    expect(tokenizer.encode('hi  <mid> \n hi', { special: true })).toEqual([hi, 273, hi])
  })

  it('beyond the rows of the model are left out', () => {
    expect(make(json(), {}, 271).encode('<tool>s')).toEqual([270, space, s])
  })
})

describe('fingerprints', () => {
  it('tell vocabularies apart by texts and kinds, and not by padding', () => {
    const renamed = sentencePiece()
    const vocab = renamed.model.vocab as Record<string, number>
    vocab['ho'] = vocab['hi']!
    delete vocab['hi']
    const plain = { ...sentencePiece(), added_tokens: [] }
    const all = [make(sentencePiece()), make(renamed), make(plain)]
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(3)
    expect(make(sentencePiece(), {}, 280).fingerprint).toBe(all[0]!.fingerprint)
    expect(make(unigram(true)).fingerprint).toBe(all[0]!.fingerprint)
  })
})

describe('chat templates', () => {
  const render = (config: TokenizerConfig): string | undefined =>
    make(sentencePiece(), config).renderChat?.([{ role: 'user', content: 'hi' }])

  it('see the messages and the texts of the start and end tokens', () => {
    const template =
      '{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}{% endfor %}' +
      '{% if add_generation_prompt %}>{% endif %}'
    const config = { bos_token: '<s>', eos_token: { content: '</s>' }, chat_template: template }
    expect(render(config)).toBe('<s>[user]hi</s>>')
    expect(render({})).toBeUndefined()
  })

  it('may have names', () => {
    const named = [
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: 'plain' },
    ]
    expect(render({ chat_template: named })).toBe('plain')
  })

  it('with a name of their own are for tools', () => {
    const forTools =
      '{% for t in tools %}{{ t.function.description }}{% endfor %}' +
      '{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}{{ c.function.arguments.key }}{% endfor %}{% endfor %}'
    const named = [
      { name: 'default', template: '{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}' },
      { name: 'tool_use', template: forTools },
    ]
    const tools = [{ name: 'f', description: 'Of use: ' }]
    const ask = [{ role: 'user', content: 'hi' }] as const
    const renderChat = (chat_template: typeof named) => make(sentencePiece(), { chat_template }).renderChat!
    expect(renderChat(named)(ask, { tools })).toBe('Of use: hi')
    expect(renderChat(named)(ask)).toBe('[user]hi')
    expect(renderChat(named.slice(0, 1))(ask, { tools })).toMatch(/^\[system\].*"Of use: ".*\[user\]hi$/s)
  })

  it('that refuse the messages are named as the reason', () => {
    expect(() => render({ chat_template: "{{ raise_exception('user first') }}" })).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('user first') }),
    )
  })
})

describe('structured output', () => {
  it('goes over the bytes of the tokens', async () => {
    const tokenizer = make(sentencePiece())
    const constraint = await constrain({ type: 'choice', choices: [' his'] }, tokenizer)
    const allowed = (tokens: readonly number[]): number[] => {
      const matcher = constraint.open()
      for (const token of tokens) matcher.accept(token)
      return Array.from({ length: 272 }, (_, token) => token).filter((token) => matcher.allows(token))
    }
    expect(allowed([])).toEqual([byte(0x20), space, hi])
    expect(allowed([hi!])).toEqual([byte(0x73), s])
    expect(allowed([hi!, s!])).toEqual([2])
  })
})
