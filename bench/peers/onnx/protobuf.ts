/* Enough of protobuf's wire format to write a message: varints, fixed 32-bit floats, and what carries its length. */

/** The fields of a message, one after the other. */
export class Message {
  private readonly parts: Uint8Array[] = []

  /** A whole number, 0 or more, or a negative one as protobuf has it: in ten bytes. */
  int(field: number, value: number): this {
    return this.add(varint(field * 8), varint(value))
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    return this.add(varint(field * 8 + 5), bytes)
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value))
  }

  bytes(field: number, value: Uint8Array): this {
    return this.add(varint(field * 8 + 2), varint(value.length), value)
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.encode())
  }

  encode(): Uint8Array {
    return Buffer.concat(this.parts)
  }

  private add(...parts: Uint8Array[]): this {
    this.parts.push(...parts)
    return this
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    const more = rest > 0x7fn
    bytes.push(Number(rest & 0x7fn) | (more ? 0x80 : 0))
    rest >>= 7n
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}
