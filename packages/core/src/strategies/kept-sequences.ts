import { ForetokenError } from '../errors.js'
import type { LanguageModel, Sequence, TokenId } from '../model.js'
import { commonLength } from './common-length.js'

/** What shares fewer tokens than this with a text is as well read anew, and left to a text that shares more. */
const worthwhile = 32

/** Sequences of texts that have ended, open for those that begin alike. They end with the model. */
export class KeptSequences {
  /** Oldest first. */
  private readonly idle: Sequence[] = []

  /** @param most How many to keep: 0 or more. */
  constructor(
    private readonly model: LanguageModel,
    private readonly most: number,
  ) {}

  /**
   * A sequence for a text that begins with `context`: the one that holds the most of it, else a new one. The caller has it
   * alone until it gives it back.
   *
   * @throws as `LanguageModel.createSequence`
   */
  async take(context: readonly TokenId[]): Promise<Sequence> {
    const shared = this.idle.map(({ tokens }) => commonLength(tokens, context))
    const most = Math.max(...shared)
    if (most >= worthwhile) return this.idle.splice(shared.lastIndexOf(most), 1)[0]!
    if (this.idle.length === this.most && this.idle.length > 0) return this.idle.shift()!
    try {
      return await this.model.createSequence()
    } catch (error) {
      if (!ForetokenError.is(error, 'unsupported') || this.idle.length === 0) throw error
      return this.idle.shift()!
    }
  }

  /** Takes back a sequence that no forward is in flight on. */
  async give(sequence: Sequence): Promise<void> {
    this.idle.push(sequence)
    if (this.idle.length > this.most) await this.idle.shift()!.dispose()
  }
}
