import { ForetokenError } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import { fieldsOf } from './fields.js'
import { Message } from './message.js'
import { splice } from './splice.js'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))

describe('a message', () => {
  // The examples of protobuf's description of its encoding.
  it('is written as protobuf says', () => {
    expect(new Message().int(1, 150).encode()).toEqual(bytes('08 96 01'))
    expect(new Message().text(2, 'testing').encode()).toEqual(bytes('12 07 74 65 73 74 69 6e 67'))
    expect(new Message().message(3, new Message().int(1, 150)).encode()).toEqual(bytes('1a 03 08 96 01'))
    expect(new Message().int(1, -2).encode()).toEqual(bytes('08 fe ff ff ff ff ff ff ff ff 01'))
    expect(new Message().float(1, 1).encode()).toEqual(bytes('0d 00 00 80 3f'))
    expect(new Message().int(16, 0).encode()).toEqual(bytes('80 01 00'))
  })

  it('holds what a nested message had when it was put in', () => {
    const inner = new Message().int(1, 1)
    const outer = new Message().message(2, inner)
    inner.int(1, 2)
    expect(outer.encode()).toEqual(bytes('12 02 08 01'))
  })

  it.each([0n, 1n, -1n, 127n, 128n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)])(
    'brings %s through',
    (value) => {
      expect([...fieldsOf(new Message().int(7, value).encode())][0]!.integer).toBe(value)
    },
  )
})

describe('reading', () => {
  it.each([
    ['a tag that goes on and on', 'ff'.repeat(11)],
    ['a tag of field 0', '00 00'],
    ['a group', '0b 0c'],
    ['an unknown layout', '0e 00'],
    ['a number that does not end', '08 80'],
    ['a text longer than what is left', '12 07 74'],
    ['a length that no file has', '12 ff ff ff ff ff ff ff ff 7f 00'],
    ['half a float', '0d 00 00'],
    ['half a double', '09 00 00 00 00'],
    ['a length without what it is of', '12'],
  ])('refuses %s', (_, hex) => {
    const read = (): unknown => [...fieldsOf(bytes(hex))]
    expect(read).toThrow(/no ONNX model, or it is damaged.*again/)
    expect(read).toThrow(ForetokenError)
  })

  it('refuses to take one kind of field for another', () => {
    const [number, text] = [...fieldsOf(new Message().int(1, 5).text(2, 'a').encode())]
    expect(() => number!.content).toThrow('field 1 is a number')
    expect(() => text!.integer).toThrow('field 2 is no whole number')
  })

  it('copies nothing', () => {
    const weights = new Uint8Array(1000)
    const [field] = [...fieldsOf(new Message().bytes(9, weights).encode())]
    const [first, second] = [field!.content, field!.content]
    first[0] = 1
    expect(second[0]).toBe(1)
  })
})

/** Field numbers up to the largest, all layouts, numbers in more bytes than they need, messages in messages. */
function randomMessage(random: () => number, depth: number): Uint8Array {
  const message = new Message()
  for (let count = Math.floor(random() * 8); count > 0; count--) {
    const field = random() < 0.8 ? 1 + Math.floor(random() * 20) : 1 + Math.floor(random() * (2 ** 29 - 1))
    const blob = Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256)
    const tag = (wire: number): Uint8Array =>
      new Message()
        .int(1, BigInt(field) * 8n + BigInt(wire))
        .encode()
        .slice(1)
    const kind = Math.floor(random() * 6)
    if (kind === 0) message.int(field, BigInt(Math.floor((random() - 0.5) * 2 ** 53)) * 1024n)
    else if (kind === 1) message.raw(tag(0)).raw(bytes('85 80 00'))
    else if (kind === 2) message.raw(tag(1)).raw(Uint8Array.from({ length: 8 }, () => random() * 256))
    else if (kind === 3) message.float(field, random())
    else message.bytes(field, kind === 4 && depth > 0 ? randomMessage(random, depth - 1) : blob)
  }
  return message.encode()
}

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('splicing random messages', () => {
  const messages = Array.from({ length: 300 }, (_, seed) => randomMessage(seeded(seed), 3))

  it('has all of each message in its fields', () => {
    for (const message of messages) {
      const copy = new Message()
      for (const field of fieldsOf(message)) copy.raw(field.raw)
      expect(Buffer.compare(copy.encode(), message)).toBe(0)
    }
  })

  it('changes nothing when there is nothing to change', () => {
    for (const message of messages) expect(splice(message, () => undefined)).toBeUndefined()
  })

  it('changes one field, and no byte before or behind it', () => {
    let changed = 0
    for (const message of messages) {
      const all = [...fieldsOf(message)]
      for (const [chosen, { number }] of all.entries()) {
        let index = 0
        const value = new Message().text(1, 'new')
        const edited = splice(message, () => (index++ === chosen ? value : undefined))!.encode()
        const before = Buffer.concat(all.slice(0, chosen).map(({ raw }) => raw))
        const behind = Buffer.concat(all.slice(chosen + 1).map(({ raw }) => raw))
        expect(Buffer.compare(edited.subarray(0, before.length), before)).toBe(0)
        expect(Buffer.compare(edited.subarray(edited.length - behind.length), behind)).toBe(0)
        const again = [...fieldsOf(edited)]
        expect(again.length).toBe(all.length)
        expect(again[chosen]!.number).toBe(number)
        expect(again[chosen]!.content).toEqual(value.encode())
        changed++
      }
    }
    expect(changed).toBeGreaterThan(500)
  })

  it('reads a message that is cut anywhere as one with fewer fields, or refuses it', () => {
    for (const message of messages.slice(0, 60)) {
      const ends = new Set([0])
      let end = 0
      for (const { raw } of fieldsOf(message)) ends.add((end += raw.length))
      for (let length = 0; length < message.length; length++) {
        const read = (): unknown => [...fieldsOf(message.subarray(0, length))]
        if (ends.has(length)) expect(read).not.toThrow()
        else expect(read).toThrow('damaged')
      }
    }
  })
})
