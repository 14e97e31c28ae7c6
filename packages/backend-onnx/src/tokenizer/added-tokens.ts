import type { TokenId } from '@foretoken/core'
import type { AddedToken } from './tokenizer-json.js'

/** Finds tokens that are taken out of a text before the rest of it is split. */
export class AddedTokens {
  private readonly tokens: ReadonlyMap<string, AddedToken>
  private readonly pattern: RegExp | undefined

  constructor(tokens: readonly AddedToken[]) {
    this.tokens = new Map(tokens.map((token) => [token.content, token]))
    // The longest first: of two that begin alike, the longer one is meant.
    const texts = [...this.tokens.keys()].filter((text) => text !== '').sort((a, b) => b.length - a.length)
    if (texts.length > 0) this.pattern = new RegExp(texts.map(escaped).join('|'), 'gu')
  }

  /** @returns What is between the tokens, and the tokens, in the order of the text. */
  split(text: string): (string | TokenId)[] {
    if (!this.pattern) return text === '' ? [] : [text]
    const parts: (string | TokenId)[] = []
    let from = 0
    let strips = false
    const rest = (to: number): string => (strips ? text.slice(from, to).trimStart() : text.slice(from, to))
    for (const { 0: found, index } of text.matchAll(this.pattern)) {
      const token = this.tokens.get(found)!
      const before = rest(index)
      parts.push(token.lstrip ? before.trimEnd() : before, token.id)
      from = index + found.length
      strips = token.rstrip ?? false
    }
    parts.push(rest(text.length))
    return parts.filter((part) => part !== '')
  }
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
}
