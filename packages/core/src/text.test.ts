import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Detokenizer } from './detokenizer.js'
import type { Tokenizer } from './model.js'
import { StopMatcher } from './stop.js'

/** A token for each byte: characters span tokens. */
const bytes: Tokenizer = {
  vocabSize: 256,
  fingerprint: 'bytes',
  encode: (text) => [...new TextEncoder().encode(text)],
  decode: (tokens) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(tokens)),
  isEnd: () => false,
}

describe('Detokenizer', () => {
  it('gives out whole characters, and everything by the end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (before, text) => {
        const detokenizer = new Detokenizer(bytes, bytes.encode(before))
        const pieces = bytes.encode(text).map((token) => detokenizer.push(token))
        for (const piece of pieces) if (!text.includes('\uFFFD')) expect(piece).not.toContain('\uFFFD')
        expect(pieces.join('') + detokenizer.flush()).toBe(text)
      }),
    )
  })
  it('does not wait for ever for a character that never completes', () => {
    const detokenizer = new Detokenizer(bytes)
    const pieces = Array.from({ length: 40 }, () => detokenizer.push(0x80))
    expect(pieces.join('').length).toBeGreaterThan(10)
  })
})

describe('StopMatcher', () => {
  it('shows what stands before the first stop string, however the text is cut', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 3 }), { maxLength: 3 })
    fc.assert(
      fc.property(fc.array(letters), stops, (pieces, wanted) => {
        const text = pieces.join('')
        const ends = wanted.map((stop) => text.indexOf(stop)).filter((index) => index >= 0)
        const matcher = new StopMatcher(wanted)
        let shown = ''
        let stopped = false
        for (const piece of pieces) {
          const match = matcher.push(piece)
          shown += match.text
          if (match.stop !== undefined) {
            stopped = true
            break
          }
        }
        if (!stopped) shown += matcher.flush()
        expect(stopped).toBe(ends.length > 0)
        // A stop string that completes first wins, and cuts where it begins.
        expect(text.startsWith(shown)).toBe(true)
        if (stopped) expect(wanted.some((stop) => text.startsWith(stop, shown.length))).toBe(true)
        else expect(shown).toBe(text)
      }),
    )
  })
  it('shows at once what cannot become a stop string', () => {
    const matcher = new StopMatcher(['stop'])
    expect(matcher.push('ab')).toEqual({ text: 'ab' })
    expect(matcher.push('cst')).toEqual({ text: 'c' })
    expect(matcher.push('x')).toEqual({ text: 'stx' })
  })
})
