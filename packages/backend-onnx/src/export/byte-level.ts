import { type GgufFile, textOf, textsOf } from '@foretoken/gguf'
import { cannotConvert } from './tokenizer.js'
import { numbered, startStep, type Vocabulary } from './vocabulary.js'

/** What is split before pairs are merged: the patterns that the models' own tokenizers have. */
interface Splitting {
  readonly pattern: string
  /** Whether each digit stands alone, before the pattern is looked for. */
  readonly digits?: true
  /** Whether a word that is a token is one, whatever the merges say. */
  readonly wholeWords?: true
}

/** Contractions; words with a sign or space before them; up to so many digits; signs; line ends; spaces. */
const modern = (digits: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`
const gpt2 = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`

/** By what `tokenizer.ggml.pre` says. */
const splittings: Readonly<Record<string, Splitting>> = {
  qwen2: { pattern: modern('\\p{N}') },
  'deepseek-r1-qwen': { pattern: modern('\\p{N}') },
  'llama-bpe': { pattern: modern('\\p{N}{1,3}'), wholeWords: true },
  'llama-v3': { pattern: modern('\\p{N}{1,3}'), wholeWords: true },
  llama3: { pattern: modern('\\p{N}{1,3}'), wholeWords: true },
  'gpt-2': { pattern: gpt2 },
  smollm: { pattern: gpt2, digits: true },
}

/** The parts of tokenizer.json that are special to BPE over bytes. */
export function byteLevelTokenizer(source: GgufFile, vocabulary: Vocabulary): object {
  const pre = textOf(source.metadata, 'tokenizer.ggml.pre') ?? 'default'
  const splitting = splittings[pre]
  if (splitting === undefined) {
    throw cannotConvert(source, `it splits words as "${pre}", and only ${Object.keys(splittings).join(', ')} are known`)
  }
  const merges = textsOf(source.metadata, 'tokenizer.ggml.merges')
  if (merges === undefined) throw cannotConvert(source, 'it has no merges')
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false }
  const start = startStep(vocabulary)
  return {
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        ...(splitting.digits ? [{ type: 'Digits', individual_digits: true }] : []),
        { type: 'Split', pattern: { Regex: splitting.pattern }, behavior: 'Isolated', invert: false },
        byteLevel,
      ],
    },
    post_processor: start ? { type: 'Sequence', processors: [byteLevel, start] } : byteLevel,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: splitting.wholeWords ?? false,
      vocab: numbered(vocabulary.tokens),
      merges,
    },
  }
}
