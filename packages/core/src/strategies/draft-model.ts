import { ForetokenError } from '../errors.js'
import type { LanguageModel, Sequence, TokenId } from '../model.js'
import { reconcile } from '../reconcile.js'
import { createSampler, type Sampler } from '../sampling/chain.js'
import type { Distribution } from '../sampling/distribution.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy } from '../strategy.js'

export interface DraftModelOptions {
  /** A smaller model with the target's vocabulary. Yours to dispose. */
  readonly model: LanguageModel
  /**
   * The temperature that drafts are sampled at. Default: the target's. 0 drafts the likeliest tokens, whatever the
   * target samples at.
   */
  readonly temperature?: number
}

/** A smaller model writes ahead, token by token (Leviathan et al., 2211.17192). */
export function draftModel(options: DraftModelOptions): DraftStrategy {
  const { model } = options
  return {
    name: 'draft-model',
    async open({ target, sampler }) {
      assertSameVocabulary(target, model)
      const own = options.temperature === undefined ? sampler : sampler.at(options.temperature)
      return new ModelDrafter(await model.createSequence(), model, own)
    },
  }
}

/** The distribution that a greedy draft's confidence is read from. */
const plain = createSampler({ temperature: 1 })

class ModelDrafter implements Drafter {
  constructor(
    private readonly sequence: Sequence,
    private readonly model: LanguageModel,
    private readonly sampler: Sampler,
  ) {}

  get stepMs(): number | undefined {
    return this.model.passCurve?.[0]?.ms
  }

  async propose(context: readonly TokenId[], request: DraftRequest): Promise<Draft> {
    // A draft with a shorter context than the target's has nothing more to say once it is full.
    const maxTokens = Math.min(request.maxTokens, this.model.contextLength - context.length + 1)
    const start = context.length
    // The context and what has been drafted.
    const tokens = [...context]
    const distributions: Distribution[] | undefined = this.sampler.greedy ? undefined : []

    let input = maxTokens > 0 ? await reconcile(this.sequence, context) : []
    while (tokens.length - start < maxTokens) {
      if (tokens.length > start && !request.goOn(tokens.length - start)) break
      // What was accepted is already in the cache: the first pass takes the target's own token alone, or the last two.
      const rows = await this.sequence.forward(input, { outputs: 'last', signal: request.signal })
      const q = distributions && this.sampler.distribution(rows.row(0), tokens)
      const confidence = request.wantsConfidence ? (q ?? plain.distribution(rows.row(0), tokens)).peak : 1
      if (!request.goOn(tokens.length - start, confidence)) break

      const token = q ? request.chance.draw(q, tokens.length) : this.sampler.argmax(rows, 0, tokens)
      tokens.push(token)
      if (q) distributions.push(q)
      if (this.model.tokenizer.isEnd(token)) break
      input = [token]
    }
    return { tokens: tokens.slice(start), distributions }
  }

  dispose(): Promise<void> {
    return this.sequence.dispose()
  }
}

function assertSameVocabulary(target: LanguageModel, draft: LanguageModel): void {
  if (target.vocabSize === draft.vocabSize && target.tokenizer.fingerprint === draft.tokenizer.fingerprint) return
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
