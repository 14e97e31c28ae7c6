import type { createHash } from 'node:crypto'
import { ForetokenError } from '@foretoken/core'
import type { FileSource } from './source.js'

/** A value of a file's metadata. Of arrays, only what we need is kept. */
export type MetadataValue = string | number | bigint | boolean | ArraySummary

/** An array in the metadata: its length, and its values if they are few numbers or truth values. */
export interface ArraySummary {
  readonly length: number
  readonly values: readonly (number | bigint | boolean)[] | undefined
}

const stringType = 8
const arrayType = 9
const int32Type = 5
/** The kind of tokens that no tokenizer gives. */
const unusedKind = 5
/** Bytes of each scalar type. */
const widths = [1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8]
const keepAtMost = 1024

/** What is done with an array of the metadata beside walking over it. */
export interface Watch {
  /** Takes the bytes of all elements but those at the end that are padding, and how many these are. */
  readonly digest: ReturnType<typeof createHash> | undefined
  /** Whether its texts must all be different. */
  readonly distinct: boolean
}

/** Walks through a file from its start, a block at a time. */
export class Reader {
  position = 0
  private block = Buffer.alloc(0)
  private blockStart = 0
  private readonly source: FileSource
  private readonly size: number
  readonly path: string

  constructor(source: FileSource, path: string) {
    this.source = source
    this.size = source.size
    this.path = path
  }

  /** The next bytes. Valid until the next call. */
  async bytes(length: number): Promise<Buffer> {
    if (this.position + length > this.size) {
      throw damaged(this.path, `it ends inside its head, after ${this.size} bytes`)
    }
    let from = this.position - this.blockStart
    if (from < 0 || from + length > this.block.length) {
      const wanted = Math.min(Math.max(length, 1 << 18), this.size - this.position)
      const { buffer, byteOffset, byteLength } = await this.source.read(this.position, wanted)
      if (byteLength < length) throw damaged(this.path, `only ${this.position + byteLength} bytes of it could be read`)
      this.block = Buffer.from(buffer, byteOffset, byteLength)
      this.blockStart = this.position
      from = 0
    }
    this.position += length
    return this.block.subarray(from, from + length)
  }

  async uint32(): Promise<number> {
    return (await this.bytes(4)).readUInt32LE()
  }

  async uint64(): Promise<number> {
    return Number((await this.bytes(8)).readBigUInt64LE())
  }

  /** A number of things that follow, each of which takes at least a few bytes. */
  async count(of: string): Promise<number> {
    const count = await this.uint64()
    if (count * 4 > this.size) throw damaged(this.path, `it claims ${count} ${of} in ${this.size} bytes`)
    return count
  }

  async string(): Promise<string> {
    return (await this.stringBytes()).toString('utf8')
  }

  async value(type: number, watch: Watch): Promise<MetadataValue> {
    if (type === stringType) return this.string()
    if (type !== arrayType) return scalar(type, await this.bytes(this.width(type)))
    const elementType = await this.uint32()
    const length = await this.count('array elements')
    watch.digest?.update(`${elementType}:`)
    if (elementType === arrayType) throw damaged(this.path, 'it has an array of arrays')
    if (elementType === stringType) {
      await this.skipStrings(length, watch)
      return { length, values: undefined }
    }
    const width = this.width(elementType)
    const bytes = await this.bytes(width * length)
    if (watch.digest) {
      const real = withoutPadding(bytes, elementType)
      watch.digest.update(real).update(`:${real.length / width}`)
    }
    if (length > keepAtMost) return { length, values: undefined }
    const values = Array.from({ length }, (_, index) => scalar(elementType, bytes.subarray(index * width)))
    return { length, values }
  }

  /** A vocabulary has 100 000 and more: looked at in the block, without a promise for each. */
  private async skipStrings(count: number, { digest, distinct }: Watch): Promise<void> {
    const seen = new Set<string>()
    let empty = 0
    let hashed = 0
    // Left out at the end, where they are padding.
    let padding: string[] = []
    const hash = (text: string | Buffer): void => {
      digest!.update(`${text.length}:`).update(text)
      hashed++
    }
    for (let index = 0; index < count; index++) {
      const bytes = this.stringInBlock() ?? (await this.stringBytes())
      if (digest && isPadding(bytes, index)) padding.push(bytes.toString('latin1'))
      else if (digest) {
        for (const text of padding) hash(text)
        padding = []
        hash(bytes)
      }
      if (distinct && bytes.length > 0) seen.add(bytes.toString('latin1'))
      else empty++
    }
    digest?.update(`:${hashed}`)
    // llama.cpp would end the process over it.
    if (distinct && seen.size + empty < count) throw damaged(this.path, 'two of its tokens have the same text')
  }

  /** The next string, if the block that is in memory holds all of it. */
  private stringInBlock(): Buffer | undefined {
    const from = this.position - this.blockStart
    if (from < 0 || from + 8 > this.block.length) return undefined
    const next = from + 8 + Number(this.block.readBigUInt64LE(from))
    if (next > this.block.length) return undefined
    this.position += next - from
    return this.block.subarray(from + 8, next)
  }

  private async stringBytes(): Promise<Buffer> {
    return this.bytes(await this.uint64())
  }

  private width(type: number): number {
    const width = widths[type]
    if (!width) throw damaged(this.path, `a metadata entry has the unknown type ${type}`)
    return width
  }
}

/** Converters fill a vocabulary up to the rows of the model's matrix, with `[PAD151665]` and so on. */
function isPadding(text: Buffer, token: number): boolean {
  return text.length >= 6 && text[0] === 0x5b && text.toString('latin1') === `[PAD${token}]`
}

/** Kinds of tokens without those at the end that are said to be unused. */
function withoutPadding(bytes: Buffer, elementType: number): Buffer {
  if (elementType !== int32Type) return bytes
  let end = bytes.length
  while (end >= 4 && bytes.readInt32LE(end - 4) === unusedKind) end -= 4
  return bytes.subarray(0, end)
}

function scalar(type: number, bytes: Buffer): number | bigint | boolean {
  switch (type) {
    case 0:
      return bytes.readUInt8()
    case 1:
      return bytes.readInt8()
    case 2:
      return bytes.readUInt16LE()
    case 3:
      return bytes.readInt16LE()
    case 4:
      return bytes.readUInt32LE()
    case 5:
      return bytes.readInt32LE()
    case 6:
      return bytes.readFloatLE()
    case 7:
      return bytes.readUInt8() !== 0
    case 10:
      return bytes.readBigUInt64LE()
    case 11:
      return bytes.readBigInt64LE()
    default:
      return bytes.readDoubleLE()
  }
}

/** The error of a file that cannot be used. `what` goes on from its path, `advice` is a sentence. */
export function bad(path: string, what: string, advice: string): ForetokenError {
  return new ForetokenError('model-file', `${path} cannot be used: ${what}. ${advice}`)
}

/** The error of a file that is not what it says. */
export function damaged(path: string, what: string): ForetokenError {
  return bad(path, `the file is damaged or incomplete (${what})`, 'Download or convert it again.')
}
