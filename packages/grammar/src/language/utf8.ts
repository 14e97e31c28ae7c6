import type { Range } from './characters.js'

/** A range of bytes for each position: any text of bytes within them is a character. */
export type ByteRanges = readonly Range[]

/** The UTF-8 of the characters `first` to `last`, as few byte ranges as possible. */
export function utf8Ranges(first: number, last: number): ByteRanges[] {
  for (const limit of [0x7f, 0x7ff, 0xffff]) {
    if (first <= limit && last > limit) return [...utf8Ranges(first, limit), ...utf8Ranges(limit + 1, last)]
  }
  if (last <= 0x7f) return [[[first, last]]]
  // Cut where the ends differ before their last bytes, unless the last bytes cover everything.
  for (let bytes = 1; bytes < 4; bytes++) {
    const low = (1 << (6 * bytes)) - 1
    if ((first & ~low) === (last & ~low)) continue
    if ((first & low) !== 0) return [...utf8Ranges(first, first | low), ...utf8Ranges((first | low) + 1, last)]
    if ((last & low) !== low) return [...utf8Ranges(first, (last & ~low) - 1), ...utf8Ranges(last & ~low, last)]
  }
  const to = utf8Of(last)
  return [utf8Of(first).map((byte, i) => [byte, to[i]!])]
}

function utf8Of(character: number): number[] {
  const tail = (shift: number) => 0x80 | ((character >> shift) & 0x3f)
  if (character <= 0x7f) return [character]
  if (character <= 0x7ff) return [0xc0 | (character >> 6), tail(0)]
  if (character <= 0xffff) return [0xe0 | (character >> 12), tail(6), tail(0)]
  return [0xf0 | (character >> 18), tail(12), tail(6), tail(0)]
}
