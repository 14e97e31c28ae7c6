import { open } from 'node:fs/promises'
import {
  encode,
  type GgufValue,
  layOut,
  type TensorSpec,
  type WritableType,
  byteLength,
  writeGguf,
} from '@foretoken/gguf'
import { type Geometry, llamaTensors } from './geometry.js'
import { Random } from './random.js'
import { tensorTypeFor } from './shapes.js'

/** A llama model with random weights, large enough to show a misplaced one. For tests. */
export async function writeTinyModel(path: string, geometry: Geometry, type: WritableType): Promise<void> {
  const random = new Random(7)
  const metadata = new Map<string, GgufValue>([
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.name', { type: 'string', value: 'tiny' }],
    ['general.alignment', { type: 'uint32', value: 64 }],
    ['llama.context_length', { type: 'uint32', value: 64 }],
    ['llama.embedding_length', { type: 'uint32', value: geometry.hidden }],
    ['llama.block_count', { type: 'uint32', value: geometry.layers }],
    ['llama.feed_forward_length', { type: 'uint32', value: geometry.feedForward }],
    ['llama.attention.head_count', { type: 'uint32', value: geometry.heads }],
    ['llama.attention.head_count_kv', { type: 'uint32', value: geometry.kvHeads }],
    ['llama.attention.key_length', { type: 'uint32', value: geometry.headSize }],
    // Large, so that a test sees when it is not adapted.
    ['llama.attention.layer_norm_rms_epsilon', { type: 'float32', value: 0.125 }],
  ])
  const specs = llamaTensors(geometry).map(
    ({ name, role, columns, rows }): TensorSpec & { type: WritableType; norm: boolean } => ({
      name,
      type: tensorTypeFor(role, type),
      dimensions: role === 'norm' ? [columns] : [columns, rows],
      norm: role === 'norm',
    }),
  )
  const handle = await open(path, 'w')
  await writeGguf(handle, layOut(metadata, specs), (spec) => {
    const values = Float32Array.from({ length: spec.dimensions[0]! * (spec.dimensions[1] ?? 1) }, () =>
      spec.norm ? 1 + 0.2 * random.normal() : random.normal() / Math.sqrt(spec.dimensions[0]! / 4),
    )
    const bytes = new Uint8Array(byteLength(spec.type, values.length))
    encode(spec.type, values, bytes)
    return [bytes]
  })
  await handle.close()
}
