import { ForetokenError } from '../errors.js'
import type { TokenId } from '../model.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy, Verdict } from '../strategy.js'
import { assertVocabulary } from './one-vocabulary.js'
import { Doubt } from './suffix/doubt.js'
import { SuffixReader } from './suffix/reader.js'
import { Remembered } from './suffix/remembered.js'
import type { SuffixStore } from './suffix/store.js'

export interface SuffixDecodingOptions {
  /**
   * The most tokens to remember of what earlier generations said; 2 or more, default 1,000,000. A token takes about 70
   * bytes. The oldest are forgotten first, half of the whole at a time.
   */
  readonly maxTokens?: number
  /** Keeps what is remembered for the next process. Read once, before the first draft; written after each generation. */
  readonly store?: SuffixStore
}

/**
 * Goes on as the text itself, or what earlier generations of this strategy said, most often went on after the same tokens:
 * suffix decoding (Oliaro et al., 2411.04975). The longer the run of tokens that was seen before, the longer the draft.
 *
 * It remembers for one vocabulary: `open` throws `vocabulary-mismatch` for a target of another one, and `strategy` when the
 * store cannot be read.
 *
 * @throws `invalid-argument` when `maxTokens` is out of range.
 */
export function suffixDecoding(options: SuffixDecodingOptions = {}): DraftStrategy {
  const { maxTokens = 1_000_000, store } = options
  if (!Number.isSafeInteger(maxTokens) || maxTokens < 2) {
    throw new ForetokenError(
      'invalid-argument',
      `Cannot remember ${maxTokens} tokens: a whole number, 2 or more, please.`,
    )
  }
  const doubt = new Doubt(2)
  let opening: Promise<Remembered> | undefined
  return {
    name: 'suffix',
    async open({ target }) {
      opening ??= Remembered.open(target, maxTokens, store).catch((error: unknown) => {
        opening = undefined
        throw error
      })
      const remembered = await opening
      assertVocabulary(remembered.fingerprint, target)
      return new SuffixDrafter(remembered, doubt)
    },
  }
}

class SuffixDrafter implements Drafter {
  private readonly reader: SuffixReader
  private asked = false
  /** How much of the text was there before anything was said. Until it is asked, all that is known has been said. */
  private promptLength = 0
  private drafted: readonly TokenId[] = []

  constructor(
    private readonly remembered: Remembered,
    doubt: Doubt,
  ) {
    this.reader = new SuffixReader(() => remembered.sources, doubt)
  }

  propose(context: readonly TokenId[], request: DraftRequest): Draft {
    const { reader } = this
    const said = this.asked ? 0 : reader.text.length
    const common = reader.catchUp(context)
    if (!this.asked || common < this.promptLength) this.promptLength = Math.max(0, context.length - said)
    this.asked = true
    const draft = reader.propose(request)
    this.drafted = draft.tokens
    return draft
  }

  observe({ accepted, next }: Verdict): void {
    for (const token of this.drafted.slice(0, accepted)) this.reader.add(token)
    this.reader.add(next)
    this.drafted = []
  }

  dispose(): Promise<void> {
    return this.remembered.add(this.reader.text.slice(this.promptLength))
  }
}
