import { ForetokenError } from '../errors.js'
import type { LanguageModel, Sequence, TokenId } from '../model.js'
import { reconcile } from '../reconcile.js'
import type { Sampler } from '../sampling/chain.js'
import type { Chance } from '../sampling/chance.js'
import type { Distribution } from '../sampling/distribution.js'
import { lead } from '../sampling/lead.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy } from '../strategy.js'
import { fittedRows } from './fitted-rows.js'
import { KeptSequences } from './kept-sequences.js'

export interface DraftModelOptions {
  /** A smaller model with the target's vocabulary; only padding at its end may differ. Yours to dispose. */
  readonly model: LanguageModel
  /**
   * The temperature that drafts are sampled at. Default: the target's. 0 drafts the likeliest tokens, whatever the
   * target samples at.
   */
  readonly temperature?: number
  /**
   * How many sequences of texts that have ended stay open, so that a text that begins alike is not read anew: a server's
   * prompts. They count among the model's `maxSequences` until it is disposed. An integer, 0 or more. Default 0.
   */
  readonly keep?: number
}

/** A smaller model writes ahead, token by token (Leviathan et al., 2211.17192). */
export function draftModel(options: DraftModelOptions): DraftStrategy {
  const { model, keep = 0 } = options
  if (!Number.isInteger(keep) || keep < 0) {
    throw new ForetokenError('invalid-argument', `keep is ${keep}: it must be an integer, 0 or more.`)
  }
  const kept = new KeptSequences(model, keep)
  return {
    name: 'draft-model',
    async open({ target, sampler }) {
      assertOneVocabulary(target, model)
      const own = options.temperature === undefined ? sampler : sampler.at(options.temperature)
      // Which of those that are kept is the best can be told from the first context only.
      const sequence = keep > 0 ? undefined : await model.createSequence()
      return new ModelDrafter(kept, sequence, model, own, sampler, target.vocabSize)
    },
  }
}

class ModelDrafter implements Drafter {
  /** Whether a proposal is under way: if it hangs, or its caller is gone, the sequence is not to be used again. */
  private busy = false
  private over = false

  constructor(
    private readonly kept: KeptSequences,
    private sequence: Sequence | undefined,
    private readonly model: LanguageModel,
    private readonly sampler: Sampler,
    /** These two are the target's. */
    private readonly asked: Sampler,
    private readonly vocabSize: number,
  ) {}

  get stepMs(): number | undefined {
    return this.model.passCurve?.[0]?.ms
  }

  async propose(context: readonly TokenId[], request: DraftRequest): Promise<Draft> {
    this.busy = true
    try {
      const sequence = this.sequence ?? (await this.kept.take(context))
      if (this.over) {
        await sequence.dispose()
        return { tokens: [] }
      }
      this.sequence = sequence
      return await this.draft(sequence, context, request)
    } finally {
      this.busy = false
    }
  }

  private async draft(sequence: Sequence, context: readonly TokenId[], request: DraftRequest): Promise<Draft> {
    // A draft with a shorter context than the target's has nothing more to say once it is full.
    const maxTokens = Math.min(request.maxTokens, this.model.contextLength - context.length + 1)
    const start = context.length
    // The context and what has been drafted.
    const tokens = [...context]
    const distributions: Distribution[] | undefined = this.sampler.greedy ? undefined : []

    let withheld: TokenId | undefined
    let input = maxTokens > 0 ? await reconcile(sequence, context) : []
    const own = this.model.vocabSize
    // Padding of the target's, which means nothing to anybody.
    if (own < this.vocabSize && input.some((token) => token >= own)) return { tokens: [] }
    while (tokens.length - start < maxTokens) {
      if (tokens.length > start && !request.goOn(tokens.length - start)) break
      // What was accepted is already in the cache: the first pass takes the target's own token alone, or the last two.
      const given = await sequence.forward(input, { outputs: 'last', signal: request.signal })
      const rows = own === this.vocabSize ? given : fittedRows(given, this.vocabSize)
      const q = distributions && this.sampler.distribution(rows.row(0), tokens)
      const best = q ? undefined : this.sampler.argmax(rows, 0, tokens)
      const confidence = request.wantsConfidence ? this.confidence(rows.row(0), tokens, q ?? best!, request.chance) : 1
      if (!request.goOn(tokens.length - start, confidence)) {
        // What is drawn by chance of its own would be refused more often than it is accepted.
        if (best !== undefined || request.chance.agreement) withheld = best ?? request.chance.draw(q!, tokens.length)
        break
      }
      const token = best ?? request.chance.draw(q!, tokens.length)
      tokens.push(token)
      if (q) distributions.push(q)
      if (this.model.tokenizer.isEnd(token)) break
      input = [token]
    }
    return { tokens: tokens.slice(start), distributions, withheld }
  }

  /** @param choice What the token is drawn from; of a greedy draft, the token. */
  private confidence(logits: Float32Array, tokens: TokenId[], choice: Distribution | TokenId, chance: Chance): number {
    if (typeof choice !== 'number') return chance.agreement?.(choice, tokens.length) ?? choice.peak
    // Whether the target has the same favourite, or how often it draws it.
    return this.asked.greedy ? lead(logits, choice) : this.asked.distribution(logits, tokens).peak
  }

  async dispose(): Promise<void> {
    const { sequence } = this
    this.over = true
    this.sequence = undefined
    if (sequence && this.busy) await sequence.dispose()
    else if (sequence) await this.kept.give(sequence)
  }
}

/** The number of logits may differ: the fingerprint leaves out padding. */
function assertOneVocabulary(target: LanguageModel, draft: LanguageModel): void {
  if (target.tokenizer.fingerprint === draft.tokenizer.fingerprint) return
  const sizes =
    target.vocabSize === draft.vocabSize
      ? `both have ${target.vocabSize} tokens, but not the same ones`
      : `${target.vocabSize} tokens against ${draft.vocabSize}`
  throw new ForetokenError(
    'vocabulary-mismatch',
    `${draft.description} cannot draft for ${target.description}: their vocabularies differ (${sizes}). ` +
      'Take a smaller model of the same family as the draft, or a strategy without a model (prompt lookup).',
  )
}
