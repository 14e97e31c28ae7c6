import { decode, type GgufFile, readTensor } from '@foretoken/gguf'
import { architectureOf } from './architecture.js'

/**
 * The decoder of a GGUF file (llama, qwen2, qwen3) in plain, slow arithmetic of double precision, with everything in the
 * file's own order: the logits after each of `tokens`. For tests: it has no runtime's rounding.
 */
export async function referenceLogits(file: GgufFile, tokens: readonly number[]): Promise<Float64Array[]> {
  const of = architectureOf(file)
  const { hidden, headSize, heads, kvHeads, epsilon } = of
  const readAny = async (name: string): Promise<Float32Array | undefined> => {
    const tensor = file.tensors.get(name)
    if (!tensor) return undefined
    const values = new Float32Array(tensor.dimensions.reduce((product, size) => product * size, 1))
    decode(tensor.type, await readTensor(file, tensor), 0, values)
    return values
  }
  const read = async (name: string): Promise<Float32Array> => (await readAny(name))!
  const factors = await readAny('rope_freqs.weight')
  const rotate = (values: Float64Array, position: number): Float64Array => {
    const rotated = new Float64Array(values.length)
    for (let head = 0; head < values.length; head += headSize) {
      for (let pair = 0; pair < headSize / 2; pair++) {
        const [a, b] = of.interleaved
          ? [head + 2 * pair, head + 2 * pair + 1]
          : [head + pair, head + pair + headSize / 2]
        const angle = (position * of.ropeBase ** ((-2 * pair) / headSize)) / (of.ropeScale * (factors?.[pair] ?? 1))
        rotated[a] = values[a]! * Math.cos(angle) - values[b]! * Math.sin(angle)
        rotated[b] = values[b]! * Math.cos(angle) + values[a]! * Math.sin(angle)
      }
    }
    return rotated
  }

  const embedding = await read('token_embd.weight')
  const stream = tokens.map((token) => Float64Array.from(embedding.subarray(token * hidden, (token + 1) * hidden)))
  const add = (position: number, values: Float64Array): void =>
    values.forEach((value, i) => (stream[position]![i]! += value))
  for (let layer = 0; layer < of.layers; layer++) {
    const part = (name: string): string => `blk.${layer}.${name}`
    const inputs = normalized(stream, await read(part('attn_norm.weight')), epsilon)
    const project = async (name: string): Promise<Float64Array[]> => {
      const [matrix, bias] = [await read(part(`${name}.weight`)), await readAny(part(`${name}.bias`))]
      const headNorm = await readAny(part(`${name}_norm.weight`))
      return inputs.map((input) => {
        const values = multiply(matrix, input).map((value, i) => value + (bias?.[i] ?? 0))
        for (let head = 0; headNorm && head < values.length; head += headSize) {
          const own = values.subarray(head, head + headSize)
          own.set(norm(own, headNorm, epsilon))
        }
        return values
      })
    }
    const queries = (await project('attn_q')).map(rotate)
    const keys = (await project('attn_k')).map(rotate)
    const values = await project('attn_v')
    const out = await read(part('attn_output.weight'))
    queries.forEach((query, position) => {
      const mixed = new Float64Array(query.length)
      for (let head = 0; head < heads; head++) {
        const [own, shared] = [head * headSize, Math.floor((head * kvHeads) / heads) * headSize]
        const scores = keys.slice(0, position + 1).map((key) => {
          let score = 0
          for (let i = 0; i < headSize; i++) score += query[own + i]! * key[shared + i]!
          return Math.exp(score / Math.sqrt(headSize))
        })
        const total = scores.reduce((sum, score) => sum + score, 0)
        scores.forEach((score, at) => {
          for (let i = 0; i < headSize; i++) mixed[own + i]! += (score / total) * values[at]![shared + i]!
        })
      }
      add(position, multiply(out, mixed))
    })
    const gate = await read(part('ffn_gate.weight'))
    const up = await read(part('ffn_up.weight'))
    const down = await read(part('ffn_down.weight'))
    normalized(stream, await read(part('ffn_norm.weight')), epsilon).forEach((input, position) => {
      const raised = multiply(up, input)
      const product = multiply(gate, input).map((x, i) => (x / (1 + Math.exp(-x))) * raised[i]!)
      add(position, multiply(down, product))
    })
  }
  const output = of.tied ? embedding : await read('output.weight')
  return normalized(stream, await read('output_norm.weight'), epsilon).map((values) => multiply(output, values))
}

function multiply(matrix: Float32Array, vector: Float64Array): Float64Array {
  const columns = vector.length
  return Float64Array.from({ length: matrix.length / columns }, (_, row) => {
    let sum = 0
    for (let column = 0; column < columns; column++) sum += vector[column]! * matrix[row * columns + column]!
    return sum
  })
}

function normalized(stream: readonly Float64Array[], weights: Float32Array, epsilon: number): Float64Array[] {
  return stream.map((values) => norm(values, weights, epsilon))
}

/** By the root of the mean square. */
function norm(values: Float64Array, weights: Float32Array, epsilon: number): Float64Array {
  const meanSquare = values.reduce((sum, value) => sum + value * value, 0) / values.length
  return values.map((value, i) => (value / Math.sqrt(meanSquare + epsilon)) * weights[i]!)
}
