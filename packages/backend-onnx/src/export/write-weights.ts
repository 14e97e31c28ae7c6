import { ForetokenError } from '@foretoken/core'
import { byteLength, decode, encode, type GgufFile, type GgufTensor, readTensor } from '@foretoken/gguf'
import type { Architecture } from './architecture.js'
import { toBlocks } from './blocks.js'
import type { DataFile } from './data-file.js'
import { storedTensors } from './joined.js'
import { rotations } from './rotations.js'
import { transposed } from './transpose.js'
import { outputName, names } from './weights.js'

export const weightTypes = ['fp32', 'fp16', 'q4'] as const
export type WeightType = (typeof weightTypes)[number]

export interface WriteOptions {
  readonly type: WeightType
  /** For how many tokens the output matrix lies together; all of them where absent. */
  readonly outputTokens?: number | undefined
  /** Whether queries, keys and values are one product: see `storedTensors`. */
  readonly joined: boolean
  /** For how many positions the tables of cosines and sines are. */
  readonly positions: number
  readonly onProgress?: ((fraction: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Writes the weights of a model, one after the other, for graphs that read them through `Weights`. */
export async function writeWeights(
  source: GgufFile,
  architecture: Architecture,
  data: DataFile,
  options: WriteOptions,
): Promise<void> {
  let factors: Float32Array | undefined
  let done = 0
  for (const { name, parts } of storedTensors(source, options.joined)) {
    options.signal?.throwIfAborted()
    const pieces: Piece[] = []
    for (const part of parts) pieces.push(await readPiece(source, part, architecture))
    if (name === 'rope_freqs.weight') factors = decoded(pieces[0]!)
    else if (pieces[0]!.dimensions.length === 1) await writeVector(data, name, pieces)
    else await writeMatrix(data, name, pieces, architecture, options)
    done += pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)
    options.onProgress?.(done / source.size)
  }
  const { cosines, sines } = rotations(architecture, options.positions, factors)
  await data.put(names.cosines, 'float', [options.positions, architecture.headSize / 2], cosines)
  await data.put(names.sines, 'float', [options.positions, architecture.headSize / 2], sines)
}

/** A tensor of the file, with its rows in the order of the graphs. */
interface Piece extends Pick<GgufTensor, 'name' | 'type' | 'dimensions'> {
  readonly bytes: Uint8Array
}

/** @param part A number stands for so many zeros. */
async function readPiece(source: GgufFile, part: GgufTensor | number, of: Architecture): Promise<Piece> {
  if (typeof part === 'number') {
    return { name: 'zeros', type: 'F32', dimensions: [part], bytes: new Uint8Array(4 * part) }
  }
  return { ...part, bytes: inOrder(part, await readTensor(source, part), of) }
}

async function writeVector(data: DataFile, name: string, pieces: readonly Piece[]): Promise<void> {
  const values = concatenated(pieces.map(decoded))
  await data.put(name, 'float', [values.length], values)
}

/** @param pieces Rows of one below those of the other. */
async function writeMatrix(
  data: DataFile,
  name: string,
  pieces: readonly Piece[],
  { tied, vocabSize }: Architecture,
  { type, outputTokens = vocabSize }: WriteOptions,
): Promise<void> {
  const columns = pieces[0]!.dimensions[0]!
  const rows = pieces.reduce((sum, { dimensions }) => sum + dimensions[1]!, 0)
  const isEmbedding = name === names.embedding
  const isOutput = name === (tied ? names.embedding : names.output)
  if (type === 'q4') {
    // Small models suffer when what they read and say is cut to four bits; llama.cpp keeps more of both too.
    const wanted = pieces[0]!.type === 'Q4_0' || !(isEmbedding || isOutput) ? 'Q4_0' : 'Q8_0'
    const { bits, numbers, scales } = toBlocks(wanted, concatenated(pieces.map((piece) => requantized(piece, wanted))))
    await data.put(names.numbers(name), 'uint8', [rows, columns / 32, 4 * bits], numbers)
    await data.put(names.scales(name), 'float', [rows * (columns / 32)], scales)
    if (isEmbedding) {
      data.alias(names.numbersAsRows, names.numbers(name), [rows, (columns * bits) / 8])
      data.alias(names.scalesAsRows, names.scales(name), [rows, columns / 32])
    }
    return
  }
  const elements = type === 'fp16' ? 'float16' : 'float'
  const values = type === 'fp16' ? concatenated(pieces.map(halves)) : concatenated(pieces.map(decoded))
  const blocks = Array.from({ length: Math.ceil(rows / outputTokens) }, (_, block) => {
    const first = block * outputTokens
    return { first, count: Math.min(outputTokens, rows - first) }
  })
  if (isEmbedding) {
    await data.put(names.rows, elements, [rows, columns], values)
    // A graph that has the whole already would hold it twice.
    if (!tied || blocks.length === 1) return
    for (const { first, count } of blocks) data.alias(outputName(first), names.rows, [count, columns], first)
  } else if (isOutput) {
    for (const { first, count } of blocks) {
      const part = values.subarray(first * columns, (first + count) * columns)
      await data.put(outputName(first), elements, [columns, count], transposed(part, count, columns))
    }
  } else {
    await data.put(name, elements, [columns, rows], transposed(values, rows, columns))
  }
}

function decoded({ type, dimensions, bytes }: Piece): Float32Array {
  const values = new Float32Array(dimensions.reduce((product, size) => product * size, 1))
  decode(type, bytes, 0, values)
  return values
}

function halves(piece: Piece): Uint16Array {
  const { type, bytes } = piece
  if (type === 'F16') return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)
  const values = decoded(piece)
  const encoded = new Uint8Array(2 * values.length)
  encode('F16', values, encoded)
  return new Uint16Array(encoded.buffer)
}

function requantized(piece: Piece, type: 'Q4_0' | 'Q8_0'): Uint8Array {
  if (piece.type === type) return piece.bytes
  const [columns] = piece.dimensions as [number]
  if (columns % 32 !== 0) {
    throw new ForetokenError(
      'model-file',
      `${piece.name} has ${columns} columns, which are no whole blocks of 32: convert the model to fp16 or fp32.`,
    )
  }
  const values = decoded(piece)
  const encoded = new Uint8Array(byteLength(type, values.length))
  encode(type, values, encoded)
  return encoded
}

function concatenated<Values extends Float32Array | Uint16Array | Uint8Array>(parts: readonly Values[]): Values {
  const [first] = parts as readonly [Values]
  if (parts.length === 1) return first
  const whole = new (first.constructor as new (length: number) => Values)(
    parts.reduce((sum, { length }) => sum + length, 0),
  )
  let end = 0
  for (const part of parts) {
    whole.set(part, end)
    end += part.length
  }
  return whole
}

/**
 * The tensor's bytes, with the rows of q and k in the order in which halves of a head are rotated together. Files of the
 * llama architecture have neighbours together.
 */
function inOrder(tensor: GgufTensor, bytes: Uint8Array, { interleaved, headSize }: Architecture): Uint8Array {
  if (!interleaved || !/attn_[qk]\./.test(tensor.name)) return bytes
  const rows = tensor.dimensions.at(-1)!
  const size = bytes.length / rows
  const ordered = new Uint8Array(bytes.length)
  for (let row = 0; row < rows; row++) {
    const place = row % headSize
    const to = row - place + (place >>> 1) + (place & 1 ? headSize / 2 : 0)
    ordered.set(bytes.subarray(row * size, (row + 1) * size), to * size)
  }
  return ordered
}
