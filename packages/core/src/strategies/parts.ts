import { ForetokenError } from '../errors.js'
import type { TokenId } from '../model.js'
import type { Drafter, DrafterInit, DraftStrategy, Hindsight, Verdict } from '../strategy.js'

interface Part {
  readonly drafter: Drafter
  /** How many tokens of the whole draft came before its own. */
  readonly from: number
  readonly count: number
}

/** Several drafters of one generation that share a draft: each is told what became of its own part. */
export class Parts {
  private tokens: readonly TokenId[] = []
  private parts: Part[] = []

  private constructor(readonly drafters: readonly Drafter[]) {}

  /** Opens all, or none: when one fails, those before it are put away. */
  static async open(strategies: readonly DraftStrategy[], init: DrafterInit): Promise<Parts> {
    const drafters: Drafter[] = []
    try {
      for (const strategy of strategies) drafters.push(await strategy.open(init))
    } catch (error) {
      await new Parts(drafters).dispose().catch(() => {})
      throw error
    }
    return new Parts(drafters)
  }

  /** What the dearest of them takes: a draft is planned with it. */
  get stepMs(): number | undefined {
    const known = this.drafters.map(({ stepMs }) => stepMs).filter((ms) => ms !== undefined)
    return known.length > 0 ? Math.max(...known) : undefined
  }

  /** Begins a round, in which nobody has been asked yet. */
  begin(): void {
    this.tokens = []
    this.parts = []
  }

  /** What `drafter` had to say after all that was drafted before; nothing is an answer too. */
  add(drafter: Drafter, tokens: readonly TokenId[]): void {
    this.parts.push({ drafter, from: this.tokens.length, count: tokens.length })
    this.tokens = [...this.tokens, ...tokens]
  }

  /**
   * Tells those who were asked. Each sees the verdict on its own tokens, and the target's thoughts on them. Who went on from
   * tokens that were refused is not told: the text that it was asked about never came.
   */
  async observe({ accepted, next }: Verdict, hindsight: Hindsight): Promise<void> {
    const { parts, tokens } = this
    this.begin()
    const told = parts.map(({ drafter, from, count }) => {
      if (accepted < from) return undefined
      const end = from + count
      const verdict = { accepted: Math.min(accepted, end) - from, next: accepted > end ? tokens[end]! : next }
      return drafter.observe?.(verdict, part(hindsight, from, count))
    })
    // Nobody waits, but one that fails later must not do so unheard.
    await Promise.all(told)
  }

  /** Puts all away, even when that fails for one. */
  async dispose(): Promise<void> {
    const done = await Promise.allSettled(this.drafters.map(async (drafter) => drafter.dispose?.()))
    for (const result of done) if (result.status === 'rejected') throw result.reason
  }
}

function part(hindsight: Hindsight, from: number, count: number): Hindsight {
  return {
    likeliest(row, most) {
      if (row >= 0 && row <= count) return hindsight.likeliest(from + row, most)
      throw new ForetokenError(
        'invalid-argument',
        `There is no row ${row} to look back on: ${count} tokens were drafted.`,
      )
    },
  }
}
