import { existsSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { type GgufFile, numberOf, textOf } from '@foretoken/gguf'
import { byteLevelTokenizer } from './byte-level.js'
import { writeJson } from './description.js'
import { sentencePieceTokenizer } from './sentence-piece.js'
import { readVocabulary, type Vocabulary } from './vocabulary.js'

/**
 * Writes `tokenizer.json` and `tokenizer_config.json`. The former is a copy of the one beside the GGUF file, or, where there
 * is none, made from the file's metadata.
 *
 * @param contextLength Tokens that a text can have.
 * @throws `model-file` when there is no such file, and the metadata is of a kind of tokenizer that cannot be converted.
 */
export async function writeTokenizer(source: GgufFile, contextLength: number, folder: string): Promise<void> {
  const vocabulary = readVocabulary(source)
  const own = join(dirname(source.path), 'tokenizer.json')
  const target = join(folder, 'tokenizer.json')
  if (existsSync(own)) await copyFile(own, target)
  else await writeJson(target, tokenizerOf(source, vocabulary))

  const { metadata } = source
  const token = (name: string): string | undefined =>
    vocabulary.tokens[numberOf(metadata, `tokenizer.ggml.${name}_token_id`) ?? -1]
  await writeJson(join(folder, 'tokenizer_config.json'), {
    tokenizer_class: 'PreTrainedTokenizer',
    bos_token: token('bos'),
    eos_token: token('eos'),
    pad_token: token('padding') ?? token('eos'),
    unk_token: token('unknown'),
    add_bos_token: vocabulary.start !== undefined,
    model_max_length: contextLength,
    chat_template: textOf(metadata, 'tokenizer.chat_template'),
  })
}

function tokenizerOf(source: GgufFile, vocabulary: Vocabulary): object {
  const model = textOf(source.metadata, 'tokenizer.ggml.model')
  const special = vocabulary.tokens.flatMap((content, id) => {
    const kind = vocabulary.kinds[id]
    if (kind !== 'control' && kind !== 'user' && kind !== 'unknown') return []
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false }
    return [{ id, content, ...flags, special: kind !== 'user' }]
  })
  const common = { version: '1.0', truncation: null, padding: null, added_tokens: special }
  if (model === 'gpt2') return { ...common, ...byteLevelTokenizer(source, vocabulary) }
  if (model === 'llama') return { ...common, ...sentencePieceTokenizer(source, vocabulary) }
  throw cannotConvert(source, `its kind is ${model ?? 'not given'}`)
}

/** The error of a vocabulary that we cannot make a tokenizer.json of. */
export function cannotConvert(source: GgufFile, why: string): ForetokenError {
  return new ForetokenError(
    'model-file',
    `The tokenizer of ${source.path} cannot be converted: ${why}. Put the model's own tokenizer.json beside the file, and convert again.`,
  )
}
