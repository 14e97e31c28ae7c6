import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type GgufFile, numberOf, textOf } from '@foretoken/gguf'
import type { Architecture } from './architecture.js'
import { writeTokenizer } from './tokenizer.js'

/** What `config.json` says. */
export function configOf(source: GgufFile, of: Architecture): Record<string, unknown> {
  return {
    model_type: of.name,
    architectures: [{ llama: 'LlamaForCausalLM', qwen2: 'Qwen2ForCausalLM', qwen3: 'Qwen3ForCausalLM' }[of.name]],
    _name_or_path: textOf(source.metadata, 'general.name'),
    hidden_size: of.hidden,
    intermediate_size: of.feedForward,
    num_hidden_layers: of.layers,
    num_attention_heads: of.heads,
    num_key_value_heads: of.kvHeads,
    head_dim: of.headSize,
    hidden_act: 'silu',
    vocab_size: of.vocabSize,
    max_position_embeddings: of.contextLength,
    rms_norm_eps: of.epsilon,
    rope_theta: of.ropeBase,
    tie_word_embeddings: of.tied,
    ...specialTokens(source),
  }
}

/** Writes what lies beside the graphs: the configuration, and the tokenizer's files. */
export async function writeDescription(source: GgufFile, of: Architecture, folder: string): Promise<void> {
  await writeJson(join(folder, 'config.json'), configOf(source, of))
  await writeJson(join(folder, 'generation_config.json'), specialTokens(source))
  await writeTokenizer(source, of.contextLength, folder)
}

function specialTokens({ metadata }: GgufFile): object {
  const token = (name: string): number | undefined => numberOf(metadata, `tokenizer.ggml.${name}_token_id`)
  const end = token('eos')
  // Chat models end a turn with another token than a text; some files call it so.
  const ends = [end, token('eot'), token('eom')].filter((id) => id !== undefined)
  return {
    bos_token_id: token('bos'),
    eos_token_id: ends.length > 1 ? [...new Set(ends)] : end,
    pad_token_id: token('padding') ?? end,
  }
}

export async function writeJson(path: string, content: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(content, null, 2)}\n`)
}
