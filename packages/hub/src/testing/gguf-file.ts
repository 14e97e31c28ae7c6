import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GgufMetadata, type GgufValue, layOut, writeGguf } from '@foretoken/gguf'

/** A model for tests: a vocabulary, a shape, and weights that mean nothing. */
export interface TestModel {
  readonly name?: string
  readonly architecture?: string
  readonly tokens: readonly string[]
  /** By llama.cpp's numbers; default 1, normal. */
  readonly kinds?: readonly number[]
  readonly split?: string
  readonly bos?: number
  readonly addsBos?: boolean
  /** Columns and rows of its one matrix, in F16. */
  readonly weights?: number
  readonly more?: Readonly<Record<string, GgufValue>>
}

/** `count` words that differ from one another and, by their prefix, from those of other families. */
export function words(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`)
}

/** The bytes of a GGUF file. */
export async function ggufBytes(model: TestModel): Promise<Buffer> {
  const side = model.weights ?? 64
  const layout = layOut(metadataOf(model, side), [
    { name: 'token_embd.weight', type: 'F16', dimensions: [side, side] as const },
  ])
  const folder = await mkdtemp(join(tmpdir(), 'foretoken-gguf-'))
  try {
    const path = join(folder, 'model.gguf')
    const handle = await open(path, 'w')
    await writeGguf(handle, layout, () => [new Uint8Array(2 * side * side)]).finally(() => handle.close())
    return await readFile(path)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** How long the head of a file is that {@link ggufBytes} makes: all before the weights. */
export function headBytes(model: TestModel): number {
  const side = model.weights ?? 64
  return layOut(metadataOf(model, side), [{ name: 'token_embd.weight', type: 'F16', dimensions: [side, side] }]).header
    .length
}

function metadataOf({ name, architecture = 'llama', tokens, kinds, ...model }: TestModel, side: number): GgufMetadata {
  const text = (value: string): GgufValue => ({ type: 'string', value })
  const number = (value: number): GgufValue => ({ type: 'uint32', value })
  return new Map<string, GgufValue>([
    ['general.architecture', text(architecture)],
    ...(name === undefined ? [] : [['general.name', text(name)] as const]),
    [`${architecture}.block_count`, number(1)],
    [`${architecture}.context_length`, number(2048)],
    [`${architecture}.embedding_length`, number(side)],
    [`${architecture}.feed_forward_length`, number(4 * side)],
    [`${architecture}.attention.head_count`, number(4)],
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text(model.split ?? 'default')],
    ['tokenizer.ggml.tokens', strings(tokens)],
    ['tokenizer.ggml.token_type', integers(tokens.map((_, i) => kinds?.[i] ?? 1))],
    ...(model.bos === undefined ? [] : [['tokenizer.ggml.bos_token_id', number(model.bos)] as const]),
    ...(model.addsBos === undefined
      ? []
      : [['tokenizer.ggml.add_bos_token', { type: 'bool', value: model.addsBos }] as const]),
    ...Object.entries(model.more ?? {}),
  ])
}

function strings(texts: readonly string[]): GgufValue {
  const parts = texts.flatMap((text) => {
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(bytes.length))
    return [length, bytes]
  })
  return { type: 'array', of: 'string', count: texts.length, bytes: new Uint8Array(Buffer.concat(parts)) }
}

function integers(values: readonly number[]): GgufValue {
  return { type: 'array', of: 'int32', count: values.length, bytes: new Uint8Array(Int32Array.from(values).buffer) }
}
