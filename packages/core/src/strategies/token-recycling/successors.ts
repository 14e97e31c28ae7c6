import type { TokenId } from '../../model.js'

/** How fast what is thought of one token, and of all, follows what came. */
const [rate, usualRate] = [1 / 8, 1 / 64]

/** What comes after each token of a vocabulary, and how often that was right. */
export class Successors {
  /** -1: not known yet. */
  private readonly next: Int32Array
  private readonly right: Float32Array
  private usual = 0.5

  constructor(vocabSize: number) {
    this.next = new Int32Array(vocabSize).fill(-1)
    this.right = new Float32Array(vocabSize)
  }

  of(token: TokenId): TokenId | undefined {
    const next = this.next[token]!
    return next < 0 ? undefined : next
  }

  /** How likely it is to be right, by how often it was of late, in [0, 1]. */
  trust(token: TokenId): number {
    return this.right[token]!
  }

  /** `came` is what the text really said after `token`. */
  judge(token: TokenId, came: TokenId): void {
    const next = this.next[token]!
    if (next < 0) return
    const right = Number(next === came)
    this.right[token]! += (right - this.right[token]!) * rate
    this.usual += (right - this.usual) * usualRate
  }

  learn(token: TokenId, next: TokenId): void {
    // Until more is known, as good as others.
    if (this.next[token]! < 0) this.right[token] = this.usual
    this.next[token] = next
  }
}
