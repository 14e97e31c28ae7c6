import { asVarint } from './varint.js'

/**
 * A protobuf message under construction: fields, one after the other.
 *
 * Bytes that are put in are kept, not copied, until {@link encode} copies them once. They may be gigabytes of weights.
 */
export class Message {
  private readonly parts: Uint8Array[] = []
  private length = 0

  /** A whole number, or a truth value. Negative ones take ten bytes. */
  int(field: number, value: number | bigint): this {
    return this.raw(asVarint(field * 8)).raw(asVarint(value))
  }

  /** In single precision. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    return this.raw(asVarint(field * 8 + 5)).raw(bytes)
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  bytes(field: number, value: Uint8Array): this {
    return this.raw(asVarint(field * 8 + 2))
      .raw(asVarint(value.length))
      .raw(value)
  }

  /** @param value As it is now: what is added to it later is not in this message. */
  message(field: number, value: Message): this {
    this.raw(asVarint(field * 8 + 2)).raw(asVarint(value.length))
    for (const part of value.parts) this.raw(part)
    return this
  }

  /** Fields that are encoded already, with their tags. */
  raw(bytes: Uint8Array): this {
    this.parts.push(bytes)
    this.length += bytes.length
    return this
  }

  encode(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.length)
    let offset = 0
    for (const part of this.parts) {
      bytes.set(part, offset)
      offset += part.length
    }
    return bytes
  }
}
