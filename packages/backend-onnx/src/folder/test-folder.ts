import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { entryFields, graphFields, modelFields, tensorFields } from '../graph/onnx-fields.js'
import { Message } from '../protobuf/message.js'

/** The content of each file: text and bytes as they are, anything else as JSON; `undefined` for no file. */
export type Files = Readonly<Record<string, string | Uint8Array | object | undefined>>

/** The files of a small model that is whole. Its graph has one weight, in a file of its own, and nothing to run. */
export const wholeModel: Files = {
  'config.json': {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    hidden_size: 64,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 128,
    vocab_size: 6,
    bos_token_id: 4,
    eos_token_id: 4,
  },
  'generation_config.json': { eos_token_id: [4, 5] },
  'tokenizer.json': {
    added_tokens: [
      { id: 4, content: '<|end|>', special: true },
      { id: 5, content: '<|turn|>', special: true },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: { a: 0, b: 1, Ġ: 2, ab: 3 }, merges: ['a b'] },
  },
  'tokenizer_config.json': { bos_token: '<|end|>', eos_token: { content: '<|turn|>' }, chat_template: 'of the config' },
  'onnx/model.onnx': graphWithWeightsIn('model.onnx_data'),
  'onnx/model.onnx_data': 'weights',
}

/** Writes a folder for one test into the system's folder for such things. */
export function testFolder(files: Files): string {
  const folder = mkdtempSync(join(tmpdir(), 'foretoken-folder-'))
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) continue
    const path = join(folder, name)
    mkdirSync(dirname(path), { recursive: true })
    const asIs = typeof content === 'string' || content instanceof Uint8Array
    writeFileSync(path, asIs ? content : JSON.stringify(content))
  }
  return folder
}

function graphWithWeightsIn(file: string): Uint8Array {
  const weight = new Message().text(tensorFields.name, 'weight')
  for (const [key, value] of Object.entries({ location: file, offset: '4', length: '3' })) {
    weight.message(tensorFields.externalData, new Message().text(entryFields.key, key).text(entryFields.value, value))
  }
  return new Message().message(modelFields.graph, new Message().message(graphFields.initializer, weight)).encode()
}
