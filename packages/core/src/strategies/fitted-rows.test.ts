import { describe, expect, it } from 'vitest'
import type { LogitsRows } from '../model.js'
import { fittedRows } from './fitted-rows.js'

const rowsOf = (...values: number[]): LogitsRows => {
  const row = Float32Array.from(values)
  return { count: 1, argmax: () => values.indexOf(Math.max(...values)), row: () => row }
}

describe('rows of another length', () => {
  it('longer: what the model does not have is impossible', () => {
    const rows = fittedRows(rowsOf(1, 3, 2), 5)
    expect([...rows.row(0)]).toEqual([1, 3, 2, -Infinity, -Infinity])
    expect(rows.argmax(0)).toBe(1)
  })

  it('shorter: what the other does not have is left out, its likeliest token too', () => {
    const rows = fittedRows(rowsOf(1, 3, 2, 9), 3)
    expect([...rows.row(0)]).toEqual([1, 3, 2])
    expect(rows.argmax(0)).toBe(1)
    expect(fittedRows(rowsOf(1, 9, 2, 3), 3).argmax(0)).toBe(1)
  })
})
