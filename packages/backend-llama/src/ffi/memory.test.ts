import koffi from 'koffi'
import { describe, expect, it } from 'vitest'
import { Memory } from './memory.js'

describe.each([true, false])('memory that the runtime reads (shared: %s)', (shared) => {
  it('shows it what was written', () => {
    const memory = new Memory(shared)
    const ints = memory.int32(4)
    ints.values.set([1, -2, 3, 4])
    ints.commit(3)
    expect([0, 4, 8].map((offset) => koffi.decode(ints.pointer, offset, 'int32_t') as number)).toEqual([1, -2, 3])
    const bytes = memory.int8(2)
    bytes.values.set([1, 0])
    bytes.commit(2)
    expect(koffi.decode(bytes.pointer, 'int8_t')).toBe(1)
    const pointers = memory.pointers([5n, 2n ** 47n + 1n])
    expect(BigInt(koffi.decode(pointers, 8, 'uint64_t') as number)).toBe(2n ** 47n + 1n)
    memory.free()
  })
})
