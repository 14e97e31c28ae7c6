import type { Origin, TracedToken } from './protocol.js'
import { withSigns } from './signs.js'

/** One pass of the target, and the tokens that it said. */
export interface Round {
  readonly index: number
  readonly tokens: TracedToken[]
  /** Drafted tokens that were kept. */
  accepted: number
  /** What the target said itself. Absent while the round is open, or where the text ended within a draft. */
  own?: Exclude<Origin, 'accepted'>
  /** The guesses that were dropped, first the one that the target's own token stands in place of. */
  refused: readonly string[]
}

/** How many places of a draft are told apart: the last of them stands for all that follow it, too. */
export const PLACES = 8

/** How often a drafted token was kept, of the times that it was judged. */
export interface PositionCount {
  readonly judged: number
  readonly kept: number
}

/** Puts tokens back into their rounds: each ends with a token that is the target's own. */
export class Rounds {
  readonly list: Round[] = []
  tokens = 0

  push(token: TracedToken): Round {
    let round = this.list.at(-1)
    if (!round || round.own !== undefined) {
      round = { index: this.list.length, tokens: [], accepted: 0, refused: [] }
      this.list.push(round)
    }
    this.tokens++
    round.tokens.push(token)
    if (token.origin === 'accepted') round.accepted++
    else round.own = token.origin
    round.refused = token.refused ?? []
    return round
  }

  /** Text that came without a token of its own: what was held back and then shown. */
  append(text: string): Round | undefined {
    const round = this.list.at(-1)
    const last = round?.tokens.pop()
    if (!round || !last) return undefined
    round.tokens.push({ ...last, text: last.text + text })
    return round
  }

  get text(): string {
    return this.list.map((round) => round.tokens.map(({ text }) => text).join('')).join('')
  }

  /** Tokens per pass of the target. NaN before the first. */
  get tau(): number {
    return this.tokens / this.list.length
  }

  /** By position in the draft, the first one first, at most {@link PLACES}. */
  positions(): PositionCount[] {
    const counts: { judged: number; kept: number }[] = []
    for (const { accepted, own } of this.list) {
      const judged = own === 'corrected' ? accepted + 1 : accepted
      for (let i = 0; i < judged; i++) {
        const count = (counts[Math.min(i, PLACES - 1)] ??= { judged: 0, kept: 0 })
        count.judged++
        if (i < accepted) count.kept++
      }
    }
    return counts
  }
}

/** One line about a round, for people. */
export function describeRound({ index, accepted, own, refused }: Round): string {
  const kept = accepted === 1 ? '1 guess accepted' : `${accepted} guesses accepted`
  const which = accepted === 0 ? 'the first guess' : `${kept}, the next one`
  const [wrong, ...after] = refused.map((text) => ` “${withSigns(text)}”`)
  const dropped = after.length > 0 ? `, ${after.length} more after it dropped` : ''
  const what = {
    plain: 'nothing was guessed, one token of the target’s own',
    corrected: `${which}${wrong ?? ''} refused and corrected by the target${dropped}`,
    bonus: `${kept}, which was all of them, and one more token from the target`,
    open: `${kept} so far`,
  }[own ?? 'open']
  return `Pass ${index + 1}: ${what}.`
}
