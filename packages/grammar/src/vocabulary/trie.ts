import type { TokenId } from '@foretoken/core'

/** Tokens by their bytes, as a tree in the order in which it is walked: a token's parents come before it. */
export interface Trie {
  /** The byte that leads to each node. */
  readonly bytes: Uint8Array
  /** How many bytes lead to each node. */
  readonly depth: Uint16Array
  /** The node after the last one below each node. */
  readonly after: Int32Array
  /** The tokens of node i: from `first[i]` to `first[i + 1]` in `tokens`. */
  readonly first: Int32Array
  readonly tokens: Int32Array
  /** Bytes of the longest token. */
  readonly height: number
}

/** @param tokens Each with its bytes, as a string of characters below 256. */
export function buildTrie(tokens: ReadonlyMap<string, readonly TokenId[]>): Trie {
  const texts = [...tokens.keys()].sort()
  const bytes: number[] = []
  const depth: number[] = []
  const after: number[] = []
  const first: number[] = []
  const ids: TokenId[] = []
  const open: number[] = []
  let previous = ''
  let height = 0
  for (const text of texts) {
    let common = 0
    while (common < previous.length && common < text.length && previous[common] === text[common]) common++
    while (open.length > common) after[open.pop()!] = bytes.length
    for (let at = common; at < text.length; at++) {
      open.push(bytes.length)
      after.push(0)
      first.push(ids.length)
      depth.push(at + 1)
      bytes.push(text.charCodeAt(at))
    }
    for (const id of tokens.get(text)!) ids.push(id)
    height = Math.max(height, text.length)
    previous = text
  }
  while (open.length > 0) after[open.pop()!] = bytes.length
  first.push(ids.length)
  return {
    bytes: Uint8Array.from(bytes),
    depth: Uint16Array.from(depth),
    after: Int32Array.from(after),
    first: Int32Array.from(first),
    tokens: Int32Array.from(ids),
    height,
  }
}
