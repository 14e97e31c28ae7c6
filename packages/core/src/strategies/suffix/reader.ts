import type { TokenId } from '../../model.js'
import type { Draft, DraftRequest } from '../../strategy.js'
import { asWanted } from '../as-wanted.js'
import { commonLength } from '../common-length.js'
import { SuffixAutomaton } from './automaton.js'
import type { Doubt } from './doubt.js'
import { Follower, type Source } from './follower.js'

/** How far back the text is looked up in a source that is new, or has grown: no longer run needs to be known. */
const reach = 64

/** Reads along with a generation and foretells it from whichever source promises most. */
export class SuffixReader {
  private readonly read: TokenId[] = []
  private own: Follower | undefined
  private others: Follower[] = []

  /**
   * @param sources Where to look. May change from call to call, and what is in them may grow.
   * @param ownDoubt To look in the text itself too.
   */
  constructor(
    private readonly sources: () => readonly Source[],
    private readonly ownDoubt?: Doubt,
  ) {}

  /** What has been read. */
  get text(): readonly TokenId[] {
    return this.read
  }

  /** Reads on, or from the start when the text is another. @returns How many tokens it had in common with this one. */
  catchUp(context: readonly TokenId[]): number {
    const { read } = this
    const common = commonLength(read, context)
    if (common < read.length) {
      read.length = 0
      this.own = undefined
      this.others = []
    }
    for (let i = read.length; i < context.length; i++) this.add(context[i]!)
    return common
  }

  add(token: TokenId): void {
    this.read.push(token)
    if (this.ownDoubt) {
      this.own ??= new Follower({ automaton: new SuffixAutomaton(), doubt: this.ownDoubt }, true)
      this.own.read(token)
    }
    for (const other of this.others) other.read(token)
  }

  propose(request: DraftRequest): Draft {
    this.others = this.sources().map(
      (source) => this.others.find((other) => other.source === source && other.isCurrent) ?? this.follow(source),
    )
    const all = [...(this.own ? [this.own] : []), ...this.others].map((follower) =>
      follower.foretell(request.maxTokens),
    )
    const best = all.reduce((best, next) => (next.expected > best.expected ? next : best), nothing)
    return asWanted(best.tokens, request, (index) => best.confidences[index]!)
  }

  private follow(source: Source): Follower {
    const follower = new Follower(source)
    for (const token of this.read.slice(-reach)) follower.read(token)
    return follower
  }
}

const nothing = { tokens: [] as TokenId[], confidences: [] as number[], expected: 0 }
