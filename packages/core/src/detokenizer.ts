import type { TokenId, Tokenizer } from './model.js'

const incomplete = '\uFFFD'

/**
 * Turns tokens into text as they come. Characters may span tokens, and tokenizers may join or space tokens by their
 * neighbours; so a short window is decoded again with each token, and text is given out once its last character is whole.
 */
export class Detokenizer {
  /** The last token whose text was given out, for the tokenizer to see the joint, and those since. */
  private window: TokenId[] = []
  /** The text of the window that was given out. */
  private shown = ''

  /** @param before What stands before the first token: the prompt, or its end. */
  constructor(
    private readonly tokenizer: Tokenizer,
    before: readonly TokenId[] = [],
  ) {
    this.window = before.slice(-4)
    this.shown = tokenizer.decode(this.window)
  }

  push(token: TokenId): string {
    this.window.push(token)
    const text = this.tokenizer.decode(this.window)
    // A byte sequence that is still open after this many tokens is not going to become a character.
    if (text.endsWith(incomplete) && this.window.length < 16) return ''
    return this.advance(text)
  }

  /** What is left at the end, incomplete characters as U+FFFD. */
  flush(): string {
    return this.advance(this.tokenizer.decode(this.window))
  }

  private advance(text: string): string {
    const fresh = text.slice(this.shown.length)
    this.window = this.window.slice(-4)
    this.shown = this.tokenizer.decode(this.window)
    return fresh
  }
}
