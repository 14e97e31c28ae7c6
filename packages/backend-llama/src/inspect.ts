import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { readGgufFrom } from './gguf/read.js'
import type { GgufHead, TensorInfo } from './gguf/read.js'
import type { ArraySummary, MetadataValue } from './gguf/reader.js'
import { type FileSource, openFile } from './gguf/source.js'
import { bitsPerValue } from './gguf/types.js'
import { estimateMemory } from './memory.js'
import type { MemoryEstimate } from './memory.js'
import { shapeOf } from './shape.js'
import type { ModelShape } from './shape.js'

/** What a GGUF file is, read from its head in milliseconds, without loading it. */
export interface ModelInfo {
  readonly path: string
  /** Bytes of the file, all its parts together. */
  readonly fileSize: number
  /** How many files it is split into. */
  readonly parts: number
  /** As the file calls itself. */
  readonly name: string | undefined
  /** `llama`, `qwen2`, `mamba` */
  readonly architecture: string
  readonly parameters: number
  /** The type that most weights have: `F16`, `Q4_K`. */
  readonly quantization: string
  readonly bitsPerWeight: number
  readonly weightBytes: number
  /** The context that it was trained on, in tokens. */
  readonly contextLength: number
  readonly vocabSize: number
  /** See `Tokenizer.fingerprint`. */
  readonly fingerprint: string | undefined
  /** The kind of tokenizer and how it splits text before: `gpt2/qwen2`. */
  readonly tokenizer: string
  readonly chatTemplate: string | undefined
  /** Mixture of experts: how many there are and how many each token uses. */
  readonly experts: { readonly count: number; readonly used: number } | undefined
  /** Whether it keeps a state that cannot be rolled back (Mamba, RWKV), in all layers or in some. */
  readonly recurrent: boolean
  readonly shape: ModelShape
  /** What it needs with the default context, on one sequence. */
  readonly memory: MemoryEstimate
}

/** A context that suits most uses and fits most machines, in tokens. */
export const defaultContext = 8192

/**
 * Reads what a GGUF file is.
 *
 * @param open Gives the file, and the other parts of a model that is split, where they are not on this machine. Only their
 * heads are read.
 * @throws `model-file` when it is missing, unreadable, not GGUF, or damaged; what `open` and its sources throw.
 */
export async function inspectModel(
  path: string,
  open: (path: string) => Promise<FileSource> = openHere,
): Promise<ModelInfo> {
  const first = await readChecked(path, open)
  const parts = Number(first.head.metadata.get('split.count') ?? 1) || 1
  const others = await Promise.all(otherParts(path, parts).map((part) => readChecked(part, open)))
  const all = [first, ...others]
  return describe(
    path,
    first.head,
    all.flatMap(({ head }) => head.tensors),
    all.reduce((sum, { size }) => sum + size, 0),
    parts,
  )
}

function describe(
  path: string,
  head: GgufHead,
  tensors: readonly TensorInfo[],
  fileSize: number,
  parts: number,
): ModelInfo {
  const { metadata, fingerprint } = head
  const architecture = metadata.get('general.architecture')
  if (typeof architecture !== 'string') {
    throw new ForetokenError('model-file', `${path} does not say which architecture its model has. Convert it again.`)
  }
  const get = (key: string): MetadataValue | undefined => metadata.get(`${architecture}.${key}`)
  const number = (key: string): number | undefined => {
    const value = get(key)
    return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined
  }
  const parameters = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0)
  const weightBytes = tensors.reduce((sum, { bytes }) => sum + bytes, 0)
  const experts = number('expert_count') ?? 0
  const shape = shapeOf(get, number)
  const contextLength = number('context_length') ?? defaultContext
  const vocabSize =
    (metadata.get('tokenizer.ggml.tokens') as ArraySummary | undefined)?.length ?? number('vocab_size') ?? 0
  return {
    path,
    fileSize,
    parts,
    name: text(metadata.get('general.name')),
    architecture,
    parameters,
    quantization: mostCommonType(tensors),
    bitsPerWeight: parameters === 0 ? 0 : (8 * weightBytes) / parameters,
    weightBytes,
    contextLength,
    vocabSize,
    fingerprint,
    tokenizer: [metadata.get('tokenizer.ggml.model'), metadata.get('tokenizer.ggml.pre')].filter(Boolean).join('/'),
    chatTemplate: text(metadata.get('tokenizer.chat_template')),
    experts: experts > 0 ? { count: experts, used: number('expert_used_count') ?? experts } : undefined,
    recurrent: number('ssm.state_size') !== undefined || /^(rwkv|arwkv|mamba|lfm2)/.test(architecture),
    shape,
    memory: estimateMemory(
      { shape, vocabSize, weightBytes },
      { contextSize: Math.min(contextLength, defaultContext), sequences: 1, cacheType: 'f16' },
    ),
  }
}

function mostCommonType(tensors: readonly TensorInfo[]): string {
  const bytes = new Map<string, number>()
  for (const tensor of tensors) bytes.set(tensor.type, (bytes.get(tensor.type) ?? 0) + tensor.bytes)
  const [most] = [...bytes].sort((a, b) => b[1] - a[1] || bitsPerValue(b[0]) - bitsPerValue(a[0]))
  return most?.[0] ?? 'none'
}

async function readChecked(
  path: string,
  open: (path: string) => Promise<FileSource>,
): Promise<{ head: GgufHead; size: number }> {
  try {
    const source = await open(path)
    try {
      const { size } = source
      if (size === 0) throw new ForetokenError('model-file', `${path} is empty. Download or convert the model again.`)
      const head = await readGgufFrom(source, path)
      if (head.expectedSize > size) throw truncated(path, size, head.expectedSize)
      return { head, size }
    } finally {
      await source.close()
    }
  } catch (error) {
    if (ForetokenError.is(error) || open !== openHere) throw error
    throw unreadable(path, error as NodeJS.ErrnoException)
  }
}

async function openHere(path: string): Promise<FileSource> {
  const stats = await stat(path)
  if (stats.isDirectory())
    throw new ForetokenError('model-file', `${path} is a directory. Pass the path of a GGUF file.`)
  if (!stats.isFile()) throw new ForetokenError('model-file', `${path} is not a regular file. Pass a GGUF file.`)
  return openFile(path)
}

/** The other files of a model that is split by llama.cpp's naming scheme. */
function otherParts(path: string, parts: number): string[] {
  if (parts < 2) return []
  const match = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/.exec(basename(path))
  if (match === null || match[2] !== '00001') {
    throw new ForetokenError(
      'model-file',
      `${path} is one of ${parts} parts of a model. Pass the path of the first part, named …-00001-of-${pad(parts)}.gguf.`,
    )
  }
  // What stands before the name is kept as it is: it may be no path.
  const folder = path.slice(0, path.length - basename(path).length)
  return Array.from({ length: parts - 1 }, (_, index) => `${folder}${match[1]}-${pad(index + 2)}-of-${match[3]}.gguf`)
}

function pad(part: number): string {
  return String(part).padStart(5, '0')
}

function text(value: MetadataValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function truncated(path: string, size: number, expected: number): ForetokenError {
  return new ForetokenError(
    'model-file',
    `${path} is incomplete: its tensors need ${expected} bytes and it has ${size}. Download or convert it again.`,
  )
}

function unreadable(path: string, error: NodeJS.ErrnoException): ForetokenError {
  const what =
    error.code === 'ENOENT'
      ? `There is no file ${path}. Check the path; relative ones start at ${process.cwd()}.`
      : error.code === 'EACCES' || error.code === 'EPERM'
        ? `${path} may not be read by this user. Check its permissions.`
        : `${path} could not be read (${error.message}).`
  return new ForetokenError('model-file', what, { cause: error })
}
