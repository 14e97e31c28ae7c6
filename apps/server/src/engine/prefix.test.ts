import { describe, expect, it } from 'vitest'
import { chooseSlot, type Holding } from './prefix.js'

const text = (length: number, from = 0): number[] => Array.from({ length }, (_, i) => from + i)
const slot = (held: number[], more: Partial<Holding> = {}): Holding => ({ held, busy: false, used: 1, ...more })
const system = text(200)
const prompt = [...system, 900, 901]

describe('chooseSlot', () => {
  it('goes on where most of the prompt is held', () => {
    expect(chooseSlot(prompt, [slot([1]), slot([...system, 900]), slot(system)], true)).toEqual({ slot: 1 })
  })

  it('overwrites what was unused for longest when nobody holds anything of it', () => {
    const slots = [3, 1, 2].map((used) => slot(text(200, 5000), { used }))
    expect(chooseSlot(prompt, slots, true)).toEqual({ slot: 1 })
    expect(chooseSlot(prompt, slots, false)).toEqual({ slot: 1 })
  })

  it('copies from a slot that is in use, also what is only being read into it', () => {
    const inUse = slot([...system, 7], { busy: true })
    expect(chooseSlot(prompt, [inUse, slot([])], true)).toEqual({ slot: 1, from: 0 })
    expect(chooseSlot(prompt, [slot([], { busy: true, reading: system }), slot([])], true)).toEqual({
      slot: 1,
      from: 0,
    })
    expect(chooseSlot(prompt, [inUse, slot([])], false)).toEqual({ slot: 1 })
  })

  it('does not copy what is soon read', () => {
    const short = text(63)
    expect(chooseSlot(short, [slot(short, { busy: true }), slot([])], true)).toEqual({ slot: 1 })
    expect(chooseSlot(prompt, [slot(system, { busy: true }), slot(text(150))], true)).toEqual({ slot: 1 })
  })

  it('leaves a longer text as it is where another slot can take a copy', () => {
    const answered = slot([...system, ...text(100, 5000)], { used: 9 })
    expect(chooseSlot(prompt, [answered, slot([], { used: 0 })], true)).toEqual({ slot: 1, from: 0 })
    expect(chooseSlot(prompt, [answered], true)).toEqual({ slot: 0 })
  })
})
