import { draftShapes, estimateSize } from '@foretoken/demo-models'
import { describe, expect, test } from 'vitest'
import { bytesToWrite, largestSize } from './size.js'

const header = 150e3
const files = [estimateSize('7b', 'F16') + header, estimateSize(draftShapes['7b'], 'Q4_0') + header]

describe('largestSize', () => {
  test.each([
    [192, 500, '34b'],
    // F16 weights of 68 GB leave a machine of 64 GB with the next size.
    [64, 500, '7b'],
    [24, 66, '7b'],
    [8, 66, '1.1b'],
    [2, 66, '350m'],
    [0.5, 66, 'none'],
    // What memory holds and the disk does not.
    [192, 66, '7b'],
    [192, 10, '1.1b'],
    [192, 1, 'none'],
  ])('%f GB of memory and %f GB of disk: %s', (memory, disk, size) => {
    expect(largestSize({ memory: memory * 1e9, disk: disk * 1e9, files: [] })).toBe(size)
  })

  test('files that are there take no more of the disk', () => {
    expect(largestSize({ memory: 24e9, disk: 1e9, files })).toBe('7b')
    expect(largestSize({ memory: 24e9, disk: 1e9, files: files.slice(1) })).toBe('none')
    expect(largestSize({ memory: 24e9, disk: 5e9, files: files.slice(1) })).toBe('1.1b')
  })
})

test('bytesToWrite: of both models, less what is there', () => {
  const [target, draft] = [estimateSize('7b', 'F16'), estimateSize(draftShapes['7b'], 'Q4_0')]
  expect(bytesToWrite('7b', [])).toBe(target + draft)
  expect(bytesToWrite('7b', files.slice(0, 1))).toBe(draft)
  expect(bytesToWrite('7b', files)).toBe(0)
  // A file of another size is another model's, or an unfinished one.
  expect(bytesToWrite('7b', [target - 1, target + 2e6])).toBe(target + draft)
  expect(bytesToWrite('none', [])).toBe(0)
})
