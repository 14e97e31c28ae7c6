import { decode, type GgufFile, numberOf, readTensor } from '@foretoken/gguf'
import { type Geometry, geometryOf } from './geometry.js'

/**
 * The llama architecture in plain, slow arithmetic of double precision: the logits after each of `tokens`.
 * For tests: it shows that two files are the same function, without any runtime's rounding.
 */
export async function referenceLogits(file: GgufFile, tokens: readonly number[]): Promise<Float64Array[]> {
  const geometry = geometryOf(file)
  const matrix = async (name: string): Promise<Float32Array> => {
    const tensor = file.tensors.get(`${name}.weight`)!
    const values = new Float32Array(tensor.dimensions.reduce((product, size) => product * size, 1))
    decode(tensor.type, await readTensor(file, tensor), 0, values)
    return values
  }
  const { hidden } = geometry
  const epsilon = numberOf(file.metadata, 'llama.attention.layer_norm_rms_epsilon')!
  const embedding = await matrix('token_embd')
  const stream = tokens.map((token) => Float64Array.from(embedding.subarray(token * hidden, (token + 1) * hidden)))
  const add = (position: number, values: Float64Array): void => {
    values.forEach((value, i) => (stream[position]![i]! += value))
  }

  for (let layer = 0; layer < geometry.layers; layer++) {
    const weights = (name: string): Promise<Float32Array> => matrix(`blk.${layer}.${name}`)
    const attentionNorm = await weights('attn_norm')
    const normed = stream.map((values) => norm(values, attentionNorm, epsilon))
    const [q, k, v] = [await weights('attn_q'), await weights('attn_k'), await weights('attn_v')]
    const queries = normed.map((values, position) => rotate(multiply(q, values), position, geometry.headSize))
    const keys = normed.map((values, position) => rotate(multiply(k, values), position, geometry.headSize))
    const values = normed.map((input) => multiply(v, input))
    const out = await weights('attn_output')
    tokens.forEach((_, position) => {
      const mixed = attend(queries[position]!, keys.slice(0, position + 1), values, geometry)
      add(position, multiply(out, mixed))
    })
    const feedForwardNorm = await weights('ffn_norm')
    const [gate, up, down] = [await weights('ffn_gate'), await weights('ffn_up'), await weights('ffn_down')]
    tokens.forEach((_, position) => {
      const input = norm(stream[position]!, feedForwardNorm, epsilon)
      const raised = multiply(up, input)
      add(
        position,
        multiply(
          down,
          multiply(gate, input).map((x, i) => (x / (1 + Math.exp(-x))) * raised[i]!),
        ),
      )
    })
  }
  const lastNorm = await matrix('output_norm')
  const output = geometry.tied ? embedding : await matrix('output')
  return stream.map((values) => multiply(output, norm(values, lastNorm, epsilon)))
}

function multiply(matrix: Float32Array, vector: Float64Array): Float64Array {
  return Float64Array.from({ length: matrix.length / vector.length }, (_, row) =>
    vector.reduce((sum, value, column) => sum + value * matrix[row * vector.length + column]!, 0),
  )
}

function norm(values: Float64Array, weights: Float32Array, epsilon: number): Float64Array {
  const meanSquare = values.reduce((sum, value) => sum + value * value, 0) / values.length
  return values.map((value, i) => (value / Math.sqrt(meanSquare + epsilon)) * weights[i]!)
}

/** Rotary position embedding, with the pairs side by side as llama.cpp has them. */
function rotate(values: Float64Array, position: number, headSize: number): Float64Array {
  return values.map((value, i) => {
    const angle = position * 10000 ** (-(2 * Math.floor((i % headSize) / 2)) / headSize)
    return value * Math.cos(angle) + (i % 2 === 0 ? -values[i + 1]! : values[i - 1]!) * Math.sin(angle)
  })
}

function attend(query: Float64Array, keys: Float64Array[], values: Float64Array[], geometry: Geometry): Float64Array {
  const { headSize, heads, kvHeads } = geometry
  const mixed = new Float64Array(query.length)
  for (let head = 0; head < heads; head++) {
    const at = Math.floor((head * kvHeads) / heads) * headSize
    const mine = query.subarray(head * headSize, (head + 1) * headSize)
    const scores = keys.map((key) =>
      Math.exp(mine.reduce((sum, value, i) => sum + value * key[at + i]!, 0) / Math.sqrt(headSize)),
    )
    const total = scores.reduce((sum, score) => sum + score, 0)
    scores.forEach((score, position) => {
      for (let i = 0; i < headSize; i++) mixed[head * headSize + i]! += (score / total) * values[position]![at + i]!
    })
  }
  return mixed
}
