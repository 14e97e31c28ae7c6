import type { TokenId } from '../model.js'
import type { Matcher } from './constraint.js'

/** How many masks are kept: more than any draft is long. */
const remembered = 64

/**
 * A matcher that is right at any position, as drafters are: asked for a position, it goes back to what that has in common
 * with where it stands, and forward from there. Masks are kept, so that the one which shaped a drafted token's q also
 * shapes its p.
 */
export class ConstraintTracker {
  /** The tokens of the states that are known; the matcher stands at `held` of them. */
  private readonly path: TokenId[] = []
  private held = 0
  /** The mask after each prefix of {@link path}. */
  private readonly masks: (Int32Array | undefined)[] = []

  constructor(
    private readonly matcher: Matcher,
    private readonly promptLength: number,
    /** Whether a token ends the text. */
    private readonly isEnd: (token: TokenId) => boolean,
  ) {}

  /**
   * What may come after the first `length` of `tokens`, as {@link Matcher.mask} has it. Undefined where these tokens break
   * the constraint (a drafted prefix may, or go on behind the end of the text): nothing that follows them will be said.
   */
  mask(tokens: readonly TokenId[], length: number): Int32Array | undefined {
    const depth = length - this.promptLength
    if (!this.reach(tokens, depth)) return undefined
    let mask = this.masks[depth]
    if (!mask) {
      this.stand(depth)
      mask = this.masks[depth] = this.matcher.mask().slice()
      // A round looks no further back than its draft is long.
      if (depth >= remembered) this.masks[depth - remembered] = undefined
    }
    return mask
  }

  /** Whether `token` may follow; `true` where nothing that follows will be said. Cheaper than a mask. */
  allows(token: TokenId, tokens: readonly TokenId[], length: number): boolean {
    const depth = length - this.promptLength
    if (!this.reach(tokens, depth)) return true
    const mask = this.masks[depth]
    if (mask) return isSet(mask, token)
    this.stand(depth)
    return this.matcher.allows(token)
  }

  /** The text that must follow; empty when that is open. */
  forced(tokens: readonly TokenId[], length: number): string {
    const depth = length - this.promptLength
    if (!this.matcher.forced || !this.reach(tokens, depth)) return ''
    this.stand(depth)
    return this.matcher.forced()
  }

  dispose(): void {
    this.matcher.dispose?.()
  }

  /** Makes the state after `depth` tokens of the text known. */
  private reach(tokens: readonly TokenId[], depth: number): boolean {
    const { path, promptLength } = this
    let common = 0
    while (common < depth && common < path.length && path[common] === tokens[promptLength + common]) common++
    if (common === depth) return true
    this.stand(common)
    path.length = common
    this.masks.length = Math.min(this.masks.length, common + 1)
    for (let i = common; i < depth; i++) {
      const token = tokens[promptLength + i]!
      if (this.isEnd(token) || !this.matcher.accept(token)) return false
      path.push(token)
      this.held++
    }
    return true
  }

  /** Moves the matcher to a known state. */
  private stand(depth: number): void {
    if (this.held > depth) this.matcher.rollback(this.held - depth)
    for (let i = this.held; i < depth; i++) this.matcher.accept(this.path[i]!)
    this.held = depth
  }
}

export function isSet(mask: Int32Array, token: TokenId): boolean {
  return ((mask[token >> 5]! >>> (token & 31)) & 1) === 1
}

/** The only token that a mask allows, if it is the only one. */
export function onlyToken(mask: Int32Array): TokenId | undefined {
  let found: TokenId | undefined
  for (let word = 0; word < mask.length; word++) {
    const bits = mask[word]!
    if (bits === 0) continue
    if (found !== undefined || (bits & (bits - 1)) !== 0) return undefined
    found = word * 32 + 31 - Math.clz32(bits)
  }
  return found
}
