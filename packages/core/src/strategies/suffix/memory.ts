import type { TokenId } from '../../model.js'
import { SuffixAutomaton } from './automaton.js'
import { Doubt } from './doubt.js'
import type { Source } from './follower.js'

interface Half extends Source {
  readonly texts: Int32Array[]
}

/**
 * Texts to be remembered, the latest `maxTokens` tokens or fewer. They lie in two halves: when the newer one is full, the
 * older one is forgotten, so nothing has to be taken out of an automaton.
 */
export class SuffixMemory {
  private readonly doubt = new Doubt(8)
  /** Oldest first; one or two. */
  private halves: readonly Half[] = [this.half()]
  private readonly share: number

  constructor(maxTokens: number) {
    this.share = Math.floor(maxTokens / 2)
  }

  get sources(): readonly Source[] {
    return this.halves
  }

  /** Oldest first. */
  get texts(): readonly Int32Array[] {
    return this.halves.flatMap(({ texts }) => texts)
  }

  add(tokens: ArrayLike<TokenId>): void {
    const text = Int32Array.from(tokens).slice(-this.share)
    if (text.length === 0) return
    let newest = this.halves[this.halves.length - 1]!
    if (newest.automaton.tokens + text.length > this.share) this.halves = [newest, (newest = this.half())]
    for (const token of text) newest.automaton.add(token)
    newest.automaton.end()
    newest.texts.push(text)
  }

  private half(): Half {
    return { automaton: new SuffixAutomaton(), doubt: this.doubt, texts: [] }
  }
}
