import { join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import type { TokenId } from '@foretoken/core'
import { bad, readJson } from './files.js'

/** What the configs of a model tell. */
export interface ModelConfig {
  /** `llama`, `qwen2` */
  readonly modelType: string
  readonly layers: number
  readonly heads: number
  /** At most `heads`: how many of them have keys and values of their own. */
  readonly kvHeads: number
  /** Values of a key, or of a value, in one head. */
  readonly headSize: number
  /** Logits of a row. */
  readonly vocabSize: number
  /** How many tokens the model was made for. */
  readonly contextLength: number
  /** The tokens that end a text. */
  readonly endTokens: readonly TokenId[]
  readonly startToken?: TokenId
}

type Json = Readonly<Record<string, unknown>>

/**
 * Reads `config.json` and `generation_config.json`. Families name the same things differently.
 *
 * @throws `model-file` when they are missing, broken or lack what is needed, `unsupported` when the model is no decoder
 * of text.
 */
export async function readConfig(folder: string): Promise<ModelConfig> {
  const path = join(folder, 'config.json')
  const whole = await readJson<Json>(path)
  if (!whole) throw bad(folder, 'it has no config.json', "Put the model's own there.")
  mustDecode(whole, folder)
  const generation = (await readJson<Json>(join(folder, 'generation_config.json'))) ?? {}
  const inner = whole.text_config
  const config: Json = typeof inner === 'object' && inner !== null ? { ...whole, ...inner } : whole

  const find = (keys: readonly string[]): number | undefined => {
    for (const key of keys) {
      const value = config[key]
      if (value === undefined || value === null) continue
      if (Number.isInteger(value) && (value as number) > 0) return value as number
      throw bad(path, `${key} is ${JSON.stringify(value)}, not a number of things`, 'Download it again.')
    }
    return undefined
  }
  const need = (keys: readonly string[], what: string): number => {
    const value = find(keys)
    if (value !== undefined) return value
    throw bad(path, `it does not tell ${what} (${keys.join(', ')})`, "Is it the model's own? Download it again.")
  }
  const heads = need(['num_attention_heads', 'n_head', 'n_heads', 'num_heads'], 'the number of attention heads')
  const headSize = find(['head_dim']) ?? need(['hidden_size', 'n_embd', 'd_model'], 'its width') / heads
  if (!Number.isInteger(headSize)) {
    throw bad(path, `its width does not divide into ${heads} heads`, "Is it the model's own? Download it again.")
  }
  const startToken = tokensOf(config.bos_token_id ?? generation.bos_token_id)[0]
  return {
    modelType: String(config.model_type ?? whole.model_type ?? 'unknown'),
    layers: need(['num_hidden_layers', 'n_layer', 'n_layers', 'num_layers'], 'the number of layers'),
    heads,
    kvHeads: find(['num_key_value_heads', 'num_kv_heads', 'n_head_kv']) ?? heads,
    headSize,
    vocabSize: need(['vocab_size', 'n_vocab'], 'the size of its vocabulary'),
    contextLength: need(
      ['max_position_embeddings', 'n_positions', 'n_ctx', 'max_seq_len', 'max_sequence_length', 'seq_length'],
      'how long a text can be',
    ),
    endTokens: [...new Set([...tokensOf(generation.eos_token_id), ...tokensOf(config.eos_token_id)])],
    ...(startToken !== undefined && { startToken }),
  }
}

/** One token or a list of them. */
function tokensOf(value: unknown): TokenId[] {
  return [value].flat().filter((token): token is TokenId => Number.isInteger(token) && (token as number) >= 0)
}

const encoders = /bert|mpnet|electra|deberta/i
const tasks = /For(MaskedLM|SequenceClassification|TokenClassification|QuestionAnswering|MultipleChoice)$/

function mustDecode(config: Json, folder: string): void {
  const type = String(config.model_type ?? 'unknown')
  const architectures = [config.architectures ?? []].flat().map(String)
  const isEncoder = encoders.test(type) || architectures.some((name) => tasks.test(name))
  const what = config.is_encoder_decoder
    ? 'reads a text with an encoder and answers with a decoder'
    : config.vision_config || config.audio_config
      ? 'takes images or sound beside text'
      : isEncoder && !config.is_decoder
        ? 'reads text and does not write any'
        : undefined
  if (what === undefined) return
  throw new ForetokenError(
    'unsupported',
    `${folder} (${type}) ${what}, and only decoders of text can be run here. Pass a text generation model.`,
  )
}
