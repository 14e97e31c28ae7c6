import { fixedSize, type GgufValue, valueTypes } from './metadata.js'

const utf8 = new TextEncoder()

/** Writes what a GGUF file begins with, piece by piece. */
export class HeaderWriter {
  length = 0
  readonly #parts: Uint8Array[] = []

  /** Up to the metadata, which included; the tensors' entries are to follow. */
  start(version: number, tensors: number, metadata: readonly (readonly [string, GgufValue])[]): void {
    this.bytes(utf8.encode('GGUF'))
    this.fixed('uint32', version)
    this.fixed('uint64', BigInt(tensors))
    this.fixed('uint64', BigInt(metadata.length))
    for (const [key, value] of metadata) {
      this.string(key)
      this.fixed('uint32', valueTypes.indexOf(value.type))
      this.value(value)
    }
  }

  /** With zeros, up to a multiple of `alignment`. */
  pad(alignment: number): void {
    this.bytes(new Uint8Array(Math.ceil(this.length / alignment) * alignment - this.length))
  }

  bytes(bytes: Uint8Array): void {
    this.#parts.push(bytes)
    this.length += bytes.length
  }

  string(text: string): void {
    const encoded = utf8.encode(text)
    this.fixed('uint64', BigInt(encoded.length))
    this.bytes(encoded)
  }

  value(value: GgufValue): void {
    if (value.type === 'array') {
      this.fixed('uint32', valueTypes.indexOf(value.of))
      this.fixed('uint64', BigInt(value.count))
      this.bytes(value.bytes)
    } else if (value.type === 'string') {
      this.string(value.value)
    } else {
      this.fixed(value.type, value.value)
    }
  }

  fixed(type: Exclude<GgufValue['type'], 'string' | 'array'>, value: number | bigint | boolean): void {
    const bytes = new Uint8Array(fixedSize(type)!)
    const view = new DataView(bytes.buffer)
    if (type === 'float32') view.setFloat32(0, Number(value), true)
    else if (type === 'float64') view.setFloat64(0, Number(value), true)
    // Two's complement of whatever width: setting the low bytes is right for signed and unsigned alike.
    else if (bytes.length === 8) view.setBigInt64(0, BigInt(value), true)
    else if (bytes.length === 4) view.setInt32(0, Number(value), true)
    else if (bytes.length === 2) view.setInt16(0, Number(value), true)
    else view.setInt8(0, Number(value))
    this.bytes(bytes)
  }

  concatenated(): Uint8Array {
    const all = new Uint8Array(this.length)
    let at = 0
    for (const part of this.#parts) {
      all.set(part, at)
      at += part.length
    }
    return all
  }
}
