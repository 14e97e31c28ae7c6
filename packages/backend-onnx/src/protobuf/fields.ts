import { ForetokenError } from '@foretoken/core'
import { fromVarint } from './varint.js'

/** How a field's value is laid out. */
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

const decoder = new TextDecoder()

/** One field of a message: a place in it. Nothing is copied. */
export class Field {
  readonly number: number
  readonly wire: number
  private readonly message: Uint8Array
  private readonly start: number
  private readonly contentStart: number
  private readonly end: number

  constructor(message: Uint8Array, tag: number, start: number, contentStart: number, end: number) {
    this.number = Math.floor(tag / 8)
    this.wire = tag % 8
    this.message = message
    this.start = start
    this.contentStart = contentStart
    this.end = end
  }

  /** The field with its tag and its length: what a copy of the message has in this place. */
  get raw(): Uint8Array {
    return this.message.subarray(this.start, this.end)
  }

  /**
   * The value of a text, of a message inside this one, or of anything else that carries its length.
   *
   * @throws `model-file` when it is a number.
   */
  get content(): Uint8Array {
    if (this.wire !== wire.bytes) throw damaged(`field ${this.number} is a number`)
    return this.message.subarray(this.contentStart, this.end)
  }

  get text(): string {
    return decoder.decode(this.content)
  }

  /** @throws `model-file` when it is not written as a whole number. */
  get integer(): bigint {
    if (this.wire !== wire.varint) throw damaged(`field ${this.number} is no whole number`)
    return fromVarint(this.message.subarray(this.contentStart, this.end))
  }

  /** @throws `model-file` when it is no number in single precision. */
  get float(): number {
    if (this.wire !== wire.fixed32) throw damaged(`field ${this.number} is no number in single precision`)
    const { buffer, byteOffset } = this.message
    return new DataView(buffer, byteOffset + this.contentStart, 4).getFloat32(0, true)
  }
}

/**
 * The fields of a message in their order, known or not; those inside of others are not looked into.
 *
 * @throws `model-file` when a field goes past the end of the message, or is none.
 */
export function* fieldsOf(message: Uint8Array): Generator<Field, void> {
  let at = 0
  while (at < message.length) {
    const start = at
    const tagEnd = varintEnd(message, at)
    const tag = small(message, at, tagEnd)
    // Groups (3, 4) have been out of use since before ONNX.
    if (tag < 8 || tag > 0xffff_ffff) throw damaged(`there is no field at byte ${start}`)
    let contentStart = tagEnd
    let end: number
    if (tag % 8 === wire.varint) end = varintEnd(message, tagEnd)
    else if (tag % 8 === wire.fixed64) end = tagEnd + 8
    else if (tag % 8 === wire.fixed32) end = tagEnd + 4
    else if (tag % 8 === wire.bytes) {
      contentStart = varintEnd(message, tagEnd)
      end = contentStart + small(message, tagEnd, contentStart)
    } else throw damaged(`there is no field at byte ${start}`)
    if (end > message.length) throw damaged(`it ends inside of field ${Math.floor(tag / 8)}`)
    yield new Field(message, tag, start, contentStart, end)
    at = end
  }
}

export function damaged(what: string): ForetokenError {
  return new ForetokenError(
    'model-file',
    `The file is no ONNX model, or it is damaged: ${what}. Download or export it again.`,
  )
}

function varintEnd(message: Uint8Array, start: number): number {
  for (let at = start; at < message.length && at < start + 10; at++) if (message[at]! < 0x80) return at + 1
  throw damaged(`there is no number at byte ${start}`)
}

/** Tags and lengths: far below 2^53 in a file that can exist, and above any file's size otherwise. */
function small(message: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let at = end - 1; at >= start; at--) value = value * 128 + (message[at]! & 0x7f)
  return value
}
