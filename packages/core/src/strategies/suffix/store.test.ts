import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32 } from './crc32.js'
import { decodeTexts, encodeTexts } from './store.js'

const vocabSize = 1000
const texts = fc.array(
  fc.array(fc.integer({ min: 0, max: vocabSize - 1 }), { maxLength: 20 }).map((tokens) => Int32Array.from(tokens)),
  { maxLength: 6 },
)
const sample = encodeTexts([Int32Array.of(1, 2, 3), Int32Array.of(999, 0)], 'vocabulary é')

describe('what is remembered', () => {
  it('is read as it was written (property)', () => {
    fc.assert(
      fc.property(texts, fc.string(), (all, fingerprint) => {
        expect(decodeTexts(encodeTexts(all, fingerprint), fingerprint, vocabSize)).toEqual(all)
      }),
    )
  })

  it('is read wherever it lies in a buffer', () => {
    const larger = new Uint8Array(sample.length + 3)
    larger.set(sample, 3)
    expect(decodeTexts(larger.subarray(3), 'vocabulary é', vocabSize)).toHaveLength(2)
  })

  it.each(Array.from({ length: sample.length }, (_, i) => i))('is refused when it ends after %s bytes', (length) => {
    expect(() => decodeTexts(sample.slice(0, length), 'vocabulary é', vocabSize)).toThrow(
      expect.objectContaining({ code: 'strategy' }),
    )
  })

  it('is refused when any bit is flipped', () => {
    for (let bit = 0; bit < sample.length * 8; bit++) {
      const flipped = sample.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => decodeTexts(flipped, 'vocabulary é', vocabSize), `bit ${bit}`).toThrow(
        expect.objectContaining({ code: 'strategy' }),
      )
    }
  })

  it('is refused when it is something else (property)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeTexts(bytes, 'a', vocabSize)).toThrow(expect.objectContaining({ code: 'strategy' }))
      }),
    )
  })

  it('is refused for another vocabulary, and where its tokens are none', () => {
    expect(() => decodeTexts(sample, 'other', vocabSize)).toThrow(
      expect.objectContaining({ code: 'vocabulary-mismatch', message: expect.stringContaining('vocabulary é') }),
    )
    expect(() => decodeTexts(sample, 'vocabulary é', 999)).toThrow('no tokens')
  })

  it('is refused when it says that it is longer than it is, whatever its checksum', () => {
    for (const [word, value] of [
      [3, 4_000_000_000],
      [4, 4_000_000_000],
      [4, 1],
      [6, 4_000_000_000],
      [10, 4_000_000_000],
      [10, 0],
    ] as const) {
      const forged = encodeTexts([Int32Array.of(1, 2, 3), Int32Array.of(4)], 'x')
      const view = new DataView(forged.buffer)
      view.setUint32(word * 4, value, true)
      view.setUint32(8, crc32(forged.subarray(12)), true)
      expect(() => decodeTexts(forged, 'x', vocabSize), `${word}`).toThrow(/longer|as long as|another vocabulary/)
    }
  })
})

it('crc32 gives the checksum that everybody gives', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926)
})
