import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ModelConfig, readConfig } from './read-config.js'
import { testFolder } from './test-folder.js'

async function read(config: object, generation?: object): Promise<ModelConfig> {
  const folder = testFolder({ 'config.json': config, 'generation_config.json': generation })
  try {
    return await readConfig(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const llama = {
  model_type: 'llama',
  hidden_size: 576,
  num_attention_heads: 9,
  num_hidden_layers: 30,
  max_position_embeddings: 2048,
  vocab_size: 49152,
}

describe('what configs tell', () => {
  it('GPT-2 has names of its own', async () => {
    const config = {
      model_type: 'gpt2',
      n_embd: 768,
      n_head: 12,
      n_layer: 12,
      n_positions: 1024,
      vocab_size: 50257,
      eos_token_id: 50256,
    }
    expect(await read(config)).toEqual({
      modelType: 'gpt2',
      layers: 12,
      heads: 12,
      kvHeads: 12,
      headSize: 64,
      vocabSize: 50257,
      contextLength: 1024,
      endTokens: [50256],
    })
  })

  it('heads may have a size of their own, and share keys', async () => {
    const qwen3 = { ...llama, model_type: 'qwen3', num_key_value_heads: 3, head_dim: 128 }
    expect(await read(qwen3)).toMatchObject({ heads: 9, kvHeads: 3, headSize: 128 })
    expect(await read({ ...llama, num_key_value_heads: null, head_dim: null })).toMatchObject({
      kvHeads: 9,
      headSize: 64,
    })
  })

  it('the text part may be inside', async () => {
    const gemma = { model_type: 'gemma3', text_config: { ...llama, model_type: 'gemma3_text' }, eos_token_id: [1, 106] }
    expect(await read(gemma)).toMatchObject({ modelType: 'gemma3_text', layers: 30, endTokens: [1, 106] })
  })

  it('all ends count, once', async () => {
    const config = { ...llama, bos_token_id: 1, eos_token_id: 2 }
    expect(await read(config, { eos_token_id: [5, 2] })).toMatchObject({ startToken: 1, endTokens: [5, 2] })
    expect(await read({ ...llama, eos_token_id: null }, { bos_token_id: 7 })).toMatchObject({
      startToken: 7,
      endTokens: [],
    })
  })

  it.each([
    ['bert', { model_type: 'bert', architectures: ['BertModel'] }, 'does not write any'],
    ['a classifier', { ...llama, architectures: ['LlamaForSequenceClassification'] }, 'does not write any'],
    ['t5', { model_type: 't5', is_encoder_decoder: true }, 'encoder'],
    ['whisper', { model_type: 'whisper', is_encoder_decoder: true }, 'encoder'],
    ['images', { model_type: 'qwen2_vl', vision_config: {} }, 'images or sound'],
    ['sound', { model_type: 'qwen2_audio', audio_config: {} }, 'images or sound'],
  ])('what is no decoder of text is refused: %s', async (_, config, says) => {
    await expect(read(config)).rejects.toMatchObject({ code: 'unsupported', message: expect.stringContaining(says) })
  })

  it('a bert that was made to write is not', async () => {
    const config = { ...llama, model_type: 'bert', architectures: ['BertLMHeadModel'], is_decoder: true }
    expect(await read(config)).toMatchObject({ modelType: 'bert' })
  })
})
