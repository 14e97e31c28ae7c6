import { describe, expect, it } from 'vitest'
import { Message } from './protobuf.js'

const hex = (message: Message): string => Buffer.from(message.encode()).toString('hex')

// The first three are the examples of protobuf's description of its encoding.
describe('protobuf', () => {
  it('writes whole numbers', () => {
    expect(hex(new Message().int(1, 150))).toBe('089601')
    expect(hex(new Message().int(1, 0))).toBe('0800')
    expect(hex(new Message().int(1, -1))).toBe('08ffffffffffffffffff01')
    expect(hex(new Message().int(1, 2 ** 40))).toBe('088080808080 20'.replace(' ', ''))
  })

  it('writes text', () => {
    expect(hex(new Message().text(2, 'testing'))).toBe('120774657374696e67')
  })

  it('writes messages in messages', () => {
    expect(hex(new Message().message(3, new Message().int(1, 150)))).toBe('1a03089601')
  })

  it('writes floats, the lowest byte first', () => {
    expect(hex(new Message().float(2, 1))).toBe('150000803f')
  })

  it('numbers fields beyond 15 in two bytes', () => {
    expect(hex(new Message().int(20, 2))).toBe('a00102')
  })
})
