import { parseGgufMetadata, readGgufMetadata } from '@foretoken/gguf'
import { draft, target } from '@foretoken/demo-models'
import { gguf } from '@huggingface/gguf'
import { describe, expect, test } from 'vitest'
import { ggufBytes, type TestModel, words } from '../testing/gguf-file.js'
import { compareVocabularies, type VocabularyMatch } from './compare.js'
import { vocabularyOf } from './vocabulary.js'

async function compared(a: TestModel, b: TestModel): Promise<VocabularyMatch> {
  const [one, other] = await Promise.all(
    [a, b].map(async (model) => vocabularyOf(parseGgufMetadata(await ggufBytes(model))!)!),
  )
  return compareVocabularies(one!, other!)
}

const family: TestModel = { tokens: words('a', 100) }

describe('two vocabularies', () => {
  test('that are one fit', async () => {
    expect(await compared(family, family)).toEqual({
      fits: true,
      sizes: { target: 100, draft: 100 },
      differing: 0,
      reasons: [],
      notes: [],
    })
  })

  test('of the demo pair fit', async () => {
    const [a, b] = await Promise.all([target, draft].map(async (path) => vocabularyOf(await readGgufMetadata(path))!))
    expect(compareVocabularies(a!, b!)).toMatchObject({ fits: true, sizes: { target: 4096, draft: 4096 }, notes: [] })
  })

  test('that differ in one token do not, and it is named', async () => {
    const match = await compared(family, { tokens: family.tokens.with(39, 'other') })
    expect(match).toMatchObject({ fits: false, differing: 1, first: { id: 39, target: 'a39', draft: 'other' } })
    expect(match.reasons).toEqual([
      'Token 39 is "a39" in the target and "other" in the draft. It is the only one of the 100 that both have.',
      'Take a draft of the same family and version, or a strategy without a model (--strategy suffix).',
    ])
  })

  test('of two families differ everywhere', async () => {
    const match = await compared(family, { tokens: words('b', 80) })
    expect(match).toMatchObject({ differing: 80, first: { id: 0 }, extra: { of: 'target', count: 20, padding: false } })
    expect(match.reasons.slice(0, 2)).toEqual([
      'Token 0 is "a0" in the target and "b0" in the draft. 80 differ of the 80 that both have.',
      'The target has 20 more at the end: 100 tokens against 80.',
    ])
  })

  test('that differ in the kind of a token do not fit: a control token is never drafted as text', async () => {
    const match = await compared({ ...family, kinds: [1, 3] }, family)
    expect(match).toMatchObject({ fits: false, differing: 1, first: { id: 1, kinds: ['control', 'normal'] } })
    expect(match.reasons[0]).toMatch(/^Token 1 is "a1" in both, but control in the target and normal in the draft\./)
  })

  const padded: TestModel = {
    tokens: [...family.tokens, '[PAD100]', '[PAD101]'],
    kinds: [...Array<number>(100).fill(1), 5, 5],
  }

  test.each([
    ['target', padded, family],
    ['draft', family, padded],
  ] as const)('that differ in padding at the end of the %s fit', async (of, a, b) => {
    expect(await compared(a, b)).toMatchObject({
      fits: true,
      differing: 0,
      extra: { of, count: 2, padding: true },
      reasons: [],
      notes: [expect.stringMatching(/^tokens: 10\d in the target, 10\d in the draft: 2 of padding more, at the end$/)],
    })
  })

  test.each<[string, TestModel]>([
    ['is called otherwise', { ...padded, tokens: [...family.tokens, '[PAD100]', 'x'] }],
    ['is numbered otherwise', { ...padded, tokens: [...family.tokens, '[PAD0]', '[PAD1]'] }],
    ['is of a kind in use', { ...padded, kinds: [] }],
  ])('that differ in what %s do not', async (_, model) => {
    const match = await compared(model, family)
    expect(match).toMatchObject({ fits: false, differing: 0, extra: { of: 'target', count: 2, padding: false } })
    expect(match.reasons[0]).toBe(
      'The first 100 tokens are the same, but the target has 2 more at the end: 102 tokens against 100.',
    )
  })

  test('with other ways to split text, BOS and special tokens fit: drafts are tokens', async () => {
    const match = await compared(
      { ...family, split: 'qwen2', bos: 1, addsBos: true },
      { ...family, split: 'llama-bpe', bos: 2, addsBos: false },
    )
    expect(match.fits).toBe(true)
    expect(match.notes).toEqual([
      'splits text as: qwen2 in the target, llama-bpe in the draft',
      'starts with BOS: true in the target, false in the draft',
      'BOS token: 1 in the target, 2 in the draft',
    ])
  })
})

test('a vocabulary is as another reader of the format has it', async () => {
  const { metadata: read } = await gguf(target, { allowLocalFile: true })
  const metadata = read as unknown as Record<string, unknown>
  const { tokens, kinds, special, model, split } = vocabularyOf(await readGgufMetadata(target))!
  expect(tokens).toEqual(metadata['tokenizer.ggml.tokens'])
  expect(kinds).toEqual(metadata['tokenizer.ggml.token_type'])
  expect([model, split]).toEqual([metadata['tokenizer.ggml.model'], metadata['tokenizer.ggml.pre']])
  expect(special.get('eos')).toBe(metadata['tokenizer.ggml.eos_token_id'])
})

test('a file without a vocabulary has none', () => {
  expect(vocabularyOf(new Map([['general.architecture', { type: 'string', value: 'llama' }]]))).toBeUndefined()
})
