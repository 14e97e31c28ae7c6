import { type Characters, characters, charactersOf, complement, type Range } from '../language/characters.js'

const digits: Characters = [[0x30, 0x39]]
const word = characters([...digits, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]])
const space = characters([
  ...charactersOf('\t\n\v\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff'),
  [0x2000, 0x200a],
])

/** What `.` stands for: all but the ends of lines. */
export const dot = complement(charactersOf('\n\r\u2028\u2029'))

/** `\d`, `\w`, `\s`, and what they leave. */
export const classes: ReadonlyMap<string, Characters> = new Map([
  ['d', digits],
  ['D', complement(digits)],
  ['w', word],
  ['W', complement(word)],
  ['s', space],
  ['S', complement(space)],
])

const properties = new Map<string, Characters>()

/** `\p{L}`, `\P{Script=Greek}`: as JavaScript has it, asked character by character, once. */
export function property(escape: string): Characters {
  let set = properties.get(escape)
  if (!set) {
    const pattern = new RegExp(escape, 'u')
    const ranges: Range[] = []
    let first = -1
    for (let character = 0; character <= 0x110000; character++) {
      const has = character <= 0x10ffff && pattern.test(String.fromCodePoint(character))
      if (has && first < 0) first = character
      if (!has && first >= 0) {
        ranges.push([first, character - 1])
        first = -1
      }
    }
    properties.set(escape, (set = characters(ranges)))
  }
  return set
}
