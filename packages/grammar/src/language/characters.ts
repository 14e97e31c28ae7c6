/** Code points, as ranges (both ends included) in order, that neither touch nor overlap. Never a surrogate. */
export type Characters = readonly Range[]
export type Range = readonly [first: number, last: number]

/** Every character that UTF-8 can carry. */
export const everyCharacter: Characters = [
  [0, 0xd7ff],
  [0xe000, 0x10ffff],
]

/** The ranges in order, merged, and without surrogates. */
export function characters(ranges: Iterable<Range>): Characters {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0])
  const merged: [number, number][] = []
  for (const [first, last] of sorted) {
    const previous = merged.at(-1)
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last)
    else merged.push([first, last])
  }
  return intersect(merged, everyCharacter)
}

/** The characters of a text. */
export function charactersOf(text: string): Characters {
  return characters(Array.from(text, (character) => [character.codePointAt(0)!, character.codePointAt(0)!] as const))
}

export function intersect(a: Characters, b: Characters): Characters {
  const both: Range[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const first = Math.max(a[i]![0], b[j]![0])
    const last = Math.min(a[i]![1], b[j]![1])
    if (first <= last) both.push([first, last])
    if (a[i]![1] < b[j]![1]) i++
    else j++
  }
  return both
}

export function without(all: Characters, some: Characters): Characters {
  return intersect(all, complement(some))
}

export function complement(some: Characters): Characters {
  const gaps: Range[] = []
  let next = 0
  for (const [first, last] of some) {
    if (first > next) gaps.push([next, first - 1])
    next = last + 1
  }
  if (next <= 0x10ffff) gaps.push([next, 0x10ffff])
  return intersect(gaps, everyCharacter)
}

export function contains(set: Characters, character: number): boolean {
  return set.some(([first, last]) => character >= first && character <= last)
}
