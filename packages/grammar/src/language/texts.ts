import { choice, empty, type Expression, sequence, text } from './expression.js'

/** Any of these texts. What several begin with is written once: thousands would otherwise all be read at a time. */
export function anyText(texts: readonly string[]): Expression {
  const sorted = [...new Set(texts)].sort()
  /** The texts from `from` to `to`, all alike before `at`, from there on. */
  const tree = (from: number, to: number, at: number): Expression => {
    const [first, last] = [sorted[from]!, sorted[to - 1]!]
    if (to - from === 1) return text(first.slice(at))
    let common = at
    while (common < first.length && first[common] === last[common]) common++
    // A character of two units stays in one piece.
    if (/[\ud800-\udbff]/.test(first.charAt(common - 1)) && common > at) common--
    const ways: Expression[] = []
    for (let start = from; start < to;) {
      const character = sorted[start]!.codePointAt(common)
      let end = start + 1
      while (end < to && sorted[end]!.codePointAt(common) === character) end++
      ways.push(character === undefined ? empty : branch(start, end, common, character))
      start = end
    }
    return sequence(text(first.slice(at, common)), choice(...ways))
  }
  const branch = (from: number, to: number, at: number, character: number): Expression => {
    const head = String.fromCodePoint(character)
    return sequence(text(head), tree(from, to, at + head.length))
  }
  return sorted.length === 0 ? choice() : tree(0, sorted.length, 0)
}
