import { createHash } from 'node:crypto'
import type { ForetokenError } from '@foretoken/core'
import { bad, damaged, Reader } from './reader.js'
import type { MetadataValue } from './reader.js'
import { type FileSource, openFile } from './source.js'
import { tensorBytes, tensorTypeName } from './types.js'

export interface TensorInfo {
  readonly name: string
  readonly shape: readonly number[]
  /** `F16`, `Q4_K` */
  readonly type: string
  /** In the file. */
  readonly bytes: number
}

/** The head of a GGUF file. */
export interface GgufHead {
  readonly metadata: ReadonlyMap<string, MetadataValue>
  readonly tensors: readonly TensorInfo[]
  /** Where the file must end at the least, to hold all its tensors. */
  readonly expectedSize: number
  /**
   * A short hash of all tokens' text and types, in order, without the padding at their end; `undefined` when the file has no
   * vocabulary.
   */
  readonly fingerprint: string | undefined
}

const tokens = 'tokenizer.ggml.tokens'
const tokenTypes = 'tokenizer.ggml.token_type'

/**
 * Reads the head of a GGUF file: metadata and tensor list, without the weights.
 *
 * @throws `model-file` when the file is not GGUF, is damaged, or has tensors of an unknown type.
 */
export async function readGguf(path: string): Promise<GgufHead> {
  const source = await openFile(path)
  try {
    return await readGgufFrom(source, path)
  } finally {
    await source.close()
  }
}

/**
 * The same of a file that need not be on this machine.
 *
 * @param path What errors call it.
 */
export function readGgufFrom(source: FileSource, path: string): Promise<GgufHead> {
  return parse(new Reader(source, path))
}

async function parse(reader: Reader): Promise<GgufHead> {
  const magic = await reader.bytes(4)
  if (magic.toString('latin1') !== 'GGUF') throw notGguf(reader.path, magic)
  const version = await reader.uint32()
  if (version < 2 || version > 3) {
    throw bad(reader.path, `it is GGUF version ${version}, and only 2 and 3 can be read`, 'Convert the model again.')
  }
  const tensorCount = await reader.count('tensors')
  const entryCount = await reader.count('metadata entries')

  const metadata = new Map<string, MetadataValue>()
  // One hash for each list: files have them in any order.
  const hashes = new Map([tokens, tokenTypes].map((key) => [key, createHash('sha256')]))
  for (let entry = 0; entry < entryCount; entry++) {
    const key = await reader.string()
    const type = await reader.uint32()
    metadata.set(key, await reader.value(type, { digest: hashes.get(key), distinct: key === tokens }))
  }

  const tensors: TensorInfo[] = []
  let end = 0
  for (let index = 0; index < tensorCount; index++) {
    const { tensor, offset } = await readTensor(reader)
    tensors.push(tensor)
    end = Math.max(end, offset + tensor.bytes)
  }
  const alignment = Number(metadata.get('general.alignment') ?? 32) || 32
  const dataStart = Math.ceil(reader.position / alignment) * alignment
  return {
    metadata,
    tensors,
    expectedSize: tensors.length === 0 ? reader.position : dataStart + end,
    fingerprint: metadata.has(tokens) ? combine([...hashes.values()].map((hash) => hash.digest())) : undefined,
  }
}

function combine(digests: readonly Buffer[]): string {
  const hash = createHash('sha256')
  for (const digest of digests) hash.update(digest)
  return hash.digest('hex').slice(0, 16)
}

async function readTensor(reader: Reader): Promise<{ tensor: TensorInfo; offset: number }> {
  const name = await reader.string()
  const dimensions = await reader.uint32()
  if (dimensions > 8) throw damaged(reader.path, `tensor ${name} has ${dimensions} dimensions`)
  const shape: number[] = []
  for (let dimension = 0; dimension < dimensions; dimension++) shape.push(await reader.uint64())
  const type = await reader.uint32()
  const offset = await reader.uint64()
  const bytes = tensorBytes(
    type,
    shape.reduce((product, length) => product * length, 1),
  )
  if (bytes === undefined) {
    throw bad(
      reader.path,
      `tensor ${name} is of type ${type}, which is unknown here`,
      'Use another quantisation of the model, or a newer version of this package.',
    )
  }
  return { tensor: { name, shape, type: tensorTypeName(type) ?? String(type), bytes }, offset }
}

function notGguf(path: string, magic: Buffer): ForetokenError {
  const start = magic.toString('latin1').replace(/[^\x20-\x7e]/g, '?')
  return bad(path, `it is not a GGUF file (it starts with "${start}")`, 'Pass a model in the GGUF format of llama.cpp.')
}
