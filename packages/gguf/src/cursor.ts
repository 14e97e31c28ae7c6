import { ForetokenError } from '@foretoken/core'
import { fixedSize, type GgufValue, type NumberType, valueTypes } from './metadata.js'

/** Thrown when what is being read goes on behind the bytes at hand. */
export class OutOfBytes extends Error {}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Reads GGUF's little-endian primitives one after the other, never past the end of its bytes. */
export class Cursor {
  position = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  /** A 64-bit count, length or offset. Anything that no file could hold is refused. */
  size(what: string): number {
    const value = this.#view.getBigUint64(this.#advance(8), true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ForetokenError('model-file', `${what} is ${value}`)
    return Number(value)
  }

  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  string(what: string): string {
    return utf8.decode(this.bytes(this.size(`the length of ${what}`)))
  }

  value(key: string): GgufValue {
    const type = this.#valueType(key)
    if (type === 'string') return { type, value: this.string(key) }
    if (type === 'array') return this.#array(key)
    const at = this.#advance(fixedSize(type)!)
    if (type === 'bool') return { type, value: this.#view.getUint8(at) !== 0 }
    if (type === 'uint64') return { type, value: this.#view.getBigUint64(at, true) }
    if (type === 'int64') return { type, value: this.#view.getBigInt64(at, true) }
    return { type, value: this.#number(type, at) }
  }

  #valueType(key: string): (typeof valueTypes)[number] {
    const id = this.uint32()
    const type = valueTypes[id]
    if (type === undefined) throw new ForetokenError('model-file', `the value of ${key} has the unknown type ${id}`)
    return type
  }

  #array(key: string): GgufValue {
    const of = this.#valueType(key)
    if (of === 'array') throw new ForetokenError('model-file', `the value of ${key} is an array of arrays`)
    const count = this.size(`the length of ${key}`)
    const start = this.position
    const size = fixedSize(of)
    if (size === undefined) {
      for (let i = 0; i < count; i++) this.#advance(this.size(`the length of an element of ${key}`))
    } else {
      this.#advance(count * size)
    }
    // A copy, so that the buffer of the whole header can go.
    return { type: 'array', of, count, bytes: this.#bytes.slice(start, this.position) }
  }

  #number(type: NumberType, at: number): number {
    switch (type) {
      case 'uint8':
        return this.#view.getUint8(at)
      case 'int8':
        return this.#view.getInt8(at)
      case 'uint16':
        return this.#view.getUint16(at, true)
      case 'int16':
        return this.#view.getInt16(at, true)
      case 'uint32':
        return this.#view.getUint32(at, true)
      case 'int32':
        return this.#view.getInt32(at, true)
      case 'float32':
        return this.#view.getFloat32(at, true)
      case 'float64':
        return this.#view.getFloat64(at, true)
    }
  }

  #advance(length: number): number {
    const start = this.position
    if (length > this.#bytes.length - start) throw new OutOfBytes()
    this.position = start + length
    return start
  }
}
