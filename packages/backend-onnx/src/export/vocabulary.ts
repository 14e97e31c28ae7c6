import { type GgufFile, numberOf, numbersOf, textOf, textsOf } from '@foretoken/gguf'
import { cannotConvert } from './tokenizer.js'

/** What `tokenizer.ggml.token_type` says of a token, by its number. */
const kinds = ['normal', 'normal', 'unknown', 'control', 'user', 'unused', 'byte'] as const

/** The tokens of a GGUF file, by their numbers. */
export interface Vocabulary {
  readonly tokens: readonly string[]
  readonly kinds: readonly (typeof kinds)[number][]
  /** The token that goes before a text; absent where none does. */
  readonly start: string | undefined
}

export function readVocabulary(source: GgufFile): Vocabulary {
  const { metadata } = source
  const tokens = textsOf(metadata, 'tokenizer.ggml.tokens')
  if (tokens === undefined) throw cannotConvert(source, 'it has no tokens')
  const types = numbersOf(metadata, 'tokenizer.ggml.token_type')
  return { tokens, kinds: tokens.map((_, id) => kinds[types?.[id] ?? 1] ?? 'normal'), start: startOf(source, tokens) }
}

function startOf({ metadata }: GgufFile, tokens: readonly string[]): string | undefined {
  const wish = metadata.get('tokenizer.ggml.add_bos_token')
  // Where the file does not say, llama.cpp goes by the kind of tokenizer.
  const usual =
    textOf(metadata, 'tokenizer.ggml.model') === 'llama' ||
    ['llama3', 'llama-v3', 'llama-bpe'].includes(textOf(metadata, 'tokenizer.ggml.pre') ?? '')
  const wanted = wish?.type === 'bool' ? wish.value : usual
  return wanted ? tokens[numberOf(metadata, 'tokenizer.ggml.bos_token_id') ?? -1] : undefined
}

/** The step that puts the start token before a text, as tokenizer.json has it. */
export function startStep({ start, tokens }: Vocabulary): object | null {
  if (start === undefined) return null
  const sequence = { Sequence: { id: 'A', type_id: 0 } }
  const special = { SpecialToken: { id: start, type_id: 0 } }
  return {
    type: 'TemplateProcessing',
    single: [special, sequence],
    pair: [special, sequence, { Sequence: { id: 'B', type_id: 0 } }],
    special_tokens: { [start]: { id: start, ids: [tokens.indexOf(start)], tokens: [start] } },
  }
}

/** The numbers of tokens by their texts. */
export function numbered(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]))
}
