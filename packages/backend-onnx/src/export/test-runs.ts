import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loadModel } from '@foretoken/backend-llama'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { embeddingInputs, masked, staticFile, staticInputs, staticOutputs } from './static-names.js'

/* Passes of the exported graphs through ONNX Runtime alone, and of the same models through llama.cpp. For tests. */

/** The logits after each token by llama.cpp, computed with as little rounding as it knows. */
export async function llamaLogits(path: string, tokens: readonly number[]): Promise<Float32Array[]> {
  const model = await loadModel({ path, contextSize: 128, cacheType: 'f32', calibrate: false, gpu: false })
  try {
    const sequence = await model.createSequence()
    const rows = await sequence.forward(tokens, { outputs: 'all' })
    return tokens.map((_, row) => rows.row(row).slice())
  } finally {
    await model.dispose()
  }
}

interface Sizes {
  readonly kvHeads: number
  readonly headSize: number
  readonly layers: number
}

async function sizesOf(folder: string): Promise<Sizes> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, number>
  return {
    kvHeads: config['num_key_value_heads']!,
    headSize: config['head_dim']!,
    layers: config['num_hidden_layers']!,
  }
}

const whole = (values: readonly number[]): Tensor =>
  new Tensor('int64', BigInt64Array.from(values.map(BigInt)), [1, values.length])

function rowsOf(logits: Tensor): Float32Array[] {
  const [, count, size] = logits.dims as [number, number, number]
  const data = logits.data as Float32Array
  return Array.from({ length: count }, (_, row) => data.slice(row * size, (row + 1) * size))
}

/** The logits after each token, with one pass for each of `passes`, numbers of tokens. */
export async function dynamicLogits(
  modelFile: string,
  tokens: readonly number[],
  passes: readonly number[] = [tokens.length],
  keep = 0,
): Promise<Float32Array[]> {
  const { kvHeads, headSize, layers } = await sizesOf(dirname(dirname(modelFile)))
  const session = await InferenceSession.create(modelFile, { intraOpNumThreads: 1 })
  try {
    let cache = Object.fromEntries(
      Array.from({ length: layers }, (_, layer) =>
        ['key', 'value'].map((what) => [
          `past_key_values.${layer}.${what}`,
          new Tensor('float32', new Float32Array(0), [1, kvHeads, 0, headSize]),
        ]),
      ).flat(),
    ) as Record<string, Tensor>
    const rows: Float32Array[] = []
    let done = 0
    for (const count of passes) {
      const outputs = await session.run({
        input_ids: whole(tokens.slice(done, done + count)),
        attention_mask: whole(Array.from({ length: done + count }, () => 1)),
        num_logits_to_keep: new Tensor('int64', [BigInt(keep)], []),
        ...cache,
      })
      rows.push(...rowsOf(outputs['logits']!))
      cache = Object.fromEntries(
        Object.keys(cache).map((name) => [name, outputs[name.replace('past_key_values', 'present')]!]),
      )
      done += count
    }
    return rows
  } finally {
    await session.release()
  }
}

/** Likewise with graphs of fixed sizes: `passes` are buckets, and the cache holds garbage where it is not valid. */
export async function staticLogits(
  folder: string,
  tokens: readonly number[],
  passes: readonly number[],
  contextLength: number,
  variant = '',
): Promise<Float32Array[]> {
  const { kvHeads, headSize, layers } = await sizesOf(folder)
  const create = (file: string): Promise<InferenceSession> =>
    InferenceSession.create(join(folder, 'onnx', file), { intraOpNumThreads: 1 })
  const embedding = await create(staticFile.embedding(variant))
  const buckets = new Map<number, InferenceSession>()
  for (const size of passes) if (!buckets.has(size)) buckets.set(size, await create(staticFile.decoder(variant, size)))

  const cacheNames = Array.from({ length: layers }, (_, layer) => [
    [staticInputs.pastKey(layer), staticOutputs.newKey(layer)],
    [staticInputs.pastValue(layer), staticOutputs.newValue(layer)],
  ]).flat() as [string, string][]
  const cache = new Map(
    cacheNames.map(([name]) => [name, new Float32Array(kvHeads * contextLength * headSize).fill(7)]),
  )
  const rows: Float32Array[] = []
  let done = 0
  for (const count of passes) {
    const ids = tokens.slice(done, done + count)
    const filled = Array.from({ length: count }, (_, i) => ids[i] ?? 0)
    const inputs = await embedding.run({
      [embeddingInputs.ids]: whole(filled),
      [embeddingInputs.positions]: whole(filled.map((_, i) => done + i)),
    })
    const columns = contextLength + count
    const mask = new Float32Array(count * columns).fill(masked)
    for (let row = 0; row < count; row++) {
      mask.fill(0, row * columns, row * columns + done)
      mask.fill(0, row * columns + contextLength, row * columns + contextLength + row + 1)
    }
    const outputs = await buckets.get(count)!.run({
      ...inputs,
      [staticInputs.mask]: new Tensor('float32', mask, [1, 1, count, columns]),
      ...Object.fromEntries(
        [...cache].map(([name, values]) => [
          name,
          new Tensor('float32', values, [1, kvHeads, contextLength, headSize]),
        ]),
      ),
    })
    for (const [past, fresh] of cacheNames) {
      const values = outputs[fresh]!.data as Float32Array
      for (let head = 0; head < kvHeads; head++) {
        const from = head * count * headSize
        const to = (head * contextLength + done) * headSize
        cache.get(past)!.set(values.subarray(from, from + ids.length * headSize), to)
      }
    }
    const blocks = Object.keys(outputs).filter((name) => name.startsWith('logits'))
    const pieces = blocks.map((_, block) => rowsOf(outputs[staticOutputs.logits(block)]!))
    for (let row = 0; row < ids.length; row++) {
      rows.push(Float32Array.from(pieces.flatMap((piece) => [...piece[row]!])))
    }
    done += ids.length
  }
  for (const session of [embedding, ...buckets.values()]) await session.release()
  return rows
}

type Rows = readonly (Float32Array | Float64Array)[]

/** The largest difference of two lists of rows. */
export function largestDifference(a: Rows, b: Rows): number {
  if (a.length !== b.length || a.some((row, i) => row.length !== b[i]!.length)) return Infinity
  let largest = 0
  a.forEach((row, i) => row.forEach((value, j) => (largest = Math.max(largest, Math.abs(value - b[i]![j]!)))))
  return largest
}
