import { describe, expect, it } from 'vitest'
import { planPass } from './plan.js'

const job = (length: number, outputs = 1, done = 0) => ({ tokens: { length }, outputs, done })
const room = { tokens: 512, rows: 64 }
const shape = (slices: ReturnType<typeof planPass>) => slices.map(({ from, to, rows }) => [from, to, rows])

describe('what goes into a pass', () => {
  it('takes a single forward as it is', () => {
    expect(shape(planPass([job(5, 5)], room))).toEqual([[0, 5, 5]])
    expect(shape(planPass([job(5, 0)], room))).toEqual([[0, 5, 0]])
  })

  it('lets short forwards through beside a long prompt', () => {
    expect(shape(planPass([job(1000), job(5, 5), job(1)], room))).toEqual([
      [0, 1, 1],
      [0, 5, 5],
      [0, 506, 0],
    ])
  })

  it('goes on where the last pass stopped', () => {
    expect(shape(planPass([job(1000, 1, 512)], room))).toEqual([[512, 1000, 1]])
  })

  it('never takes more rows than there is room for', () => {
    expect(shape(planPass([job(200, 200)], room))).toEqual([[0, 64, 64]])
    expect(shape(planPass([job(600, 100, 400)], room))).toEqual([[400, 564, 64]])
    expect(shape(planPass([job(60, 60), job(61, 61)], room))).toEqual([
      [0, 60, 60],
      [0, 4, 4],
    ])
  })

  it('leaves out what has no room at all', () => {
    expect(shape(planPass([job(64, 64), job(65, 65)], room))).toEqual([[0, 64, 64]])
  })
})
