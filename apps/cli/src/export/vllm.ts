import { bestGamma, ForetokenError } from '@foretoken/core'

/** What is known of a model that another engine is to load. */
export interface ExportedModel {
  /** As vLLM is told: `user/model`, `user/model:Q4_K_M`, or a file. */
  readonly name: string
  /** A GGUF file or a type of one; else the weights as they were published. */
  readonly gguf: boolean
  /** Of a file that is in several. */
  readonly parts?: number
}

export interface VllmOptions {
  readonly target: ExportedModel
  readonly draft?: ExportedModel | undefined
  /** As in the other commands: `auto`, `draft-model`, `prompt-lookup`, `suffix`, `none`. */
  readonly strategy: string
  /** Tokens to draft for a pass. Default: see {@link tokensFor}. */
  readonly tokens?: number | undefined
  /** How often a drafted token is accepted, in `[0, 1]`, where it was measured. */
  readonly alpha?: number | undefined
  /** The time of a draft step over that of a target step, where it is known. */
  readonly cost?: number | undefined
  /** The longest text, in tokens. */
  readonly context?: number | undefined
}

/** The keys of vLLM's `--speculative-config` that are used here. */
export interface SpeculativeConfig {
  readonly method: 'draft_model' | 'ngram' | 'suffix'
  readonly model?: string
  readonly num_speculative_tokens: number
  readonly prompt_lookup_min?: number
  readonly prompt_lookup_max?: number
}

export interface VllmLaunch {
  /** The program and its arguments. */
  readonly command: readonly string[]
  /** Nothing for plain decoding. */
  readonly speculativeConfig?: SpeculativeConfig
  /** What is different there. */
  readonly notes: readonly string[]
}

/** Where vLLM's own examples begin. */
const usual = 5
/** It verifies every place of a draft: more do not pay, even if each is accepted. */
const most = 16

/**
 * How to have vLLM speculate as we do, as far as it can (its documentation of `--speculative-config`, 2026).
 *
 * @throws `unsupported` for a strategy or a model that it has nothing for, `invalid-argument`
 */
export function exportVllm(options: VllmOptions): VllmLaunch {
  const { target, draft, context } = options
  const notes: string[] = []
  const speculativeConfig = configFor(options, notes)
  if (speculativeConfig) {
    notes.push(
      `vLLM drafts ${speculativeConfig.num_speculative_tokens} tokens for every pass. Here the length follows what pays; there, look at its acceptance metrics, and lower it under load (recent versions: num_speculative_tokens_per_batch_size).`,
      'Greedy text is the same up to rounding. With a seed and a temperature vLLM draws other tokens, from the same distribution.',
    )
  }
  for (const model of speculativeConfig?.model === undefined ? [target] : [target, draft!]) {
    if (!model.gguf) continue
    notes.push(
      `${model.name}: vLLM reads GGUF only with vllm-gguf-plugin, calls it experimental, and wants --tokenizer with the original model's name. The published weights (user/model on the Hub) are what it is quick with.`,
    )
    if ((model.parts ?? 1) > 1) notes.push(`It reads one file: join the ${model.parts} parts of ${model.name} first.`)
  }
  return {
    command: [
      ...['vllm', 'serve', target.name],
      ...(context === undefined ? [] : ['--max-model-len', String(context)]),
      ...(speculativeConfig ? ['--speculative-config', JSON.stringify(speculativeConfig)] : []),
    ],
    ...(speculativeConfig && { speculativeConfig }),
    notes,
  }
}

function configFor(options: VllmOptions, notes: string[]): SpeculativeConfig | undefined {
  const { strategy, draft, tokens, alpha } = options
  const method = strategy === 'auto' ? (draft ? 'draft-model' : 'suffix') : strategy
  if (alpha !== undefined && method !== 'draft-model') {
    throw new ForetokenError(
      'invalid-argument',
      '--alpha is of a draft model: for other strategies, pass --draft-tokens.',
    )
  }
  if (strategy === 'auto' && draft) {
    notes.push('Here auto lets suffix decoding and the draft model compete. vLLM takes one of them: the draft model.')
  }
  switch (method) {
    case 'none':
      return undefined
    case 'draft-model': {
      if (!draft) throw new ForetokenError('invalid-argument', 'The strategy draft-model needs a draft: pass --draft.')
      const drafted = tokens ?? tokensFor(options, notes)
      if (drafted === 0) return undefined
      notes.push(
        'The draft is greedy there, whatever the temperature; recent versions draw from it as we do with "draft_sample_method":"probabilistic".',
      )
      return { method: 'draft_model', model: draft.name, num_speculative_tokens: drafted }
    }
    case 'prompt-lookup':
      return {
        method: 'ngram',
        num_speculative_tokens: tokens ?? usual,
        // As promptLookup() has them.
        prompt_lookup_min: 2,
        prompt_lookup_max: 4,
      }
    case 'suffix':
      notes.push(
        'Suffix decoding: versions with model runner V1 need arctic-inference and take the number as the most; V2 verifies so many at each pass, hence a moderate one.',
      )
      return { method: 'suffix', num_speculative_tokens: tokens ?? 8 }
    default:
      throw new ForetokenError(
        'unsupported',
        `vLLM has nothing like the strategy ${strategy}: use draft-model, prompt-lookup, suffix, or none.`,
      )
  }
}

/** The length that pays best at a measured acceptance; without one, where vLLM's examples begin. */
function tokensFor({ alpha, cost }: VllmOptions, notes: string[]): number {
  if (alpha === undefined) {
    notes.push(
      `${usual} tokens is where vLLM's examples begin. foretoken tune measures how often drafts are accepted: pass it as --alpha.`,
    )
    return usual
  }
  if (cost === undefined) {
    notes.push(`What a draft step costs is told by the files, which are not here: ${usual} tokens, whatever alpha.`)
    return usual
  }
  const best = bestGamma({ alpha, c: cost, max: most })
  notes.push(
    best === 0
      ? `At alpha ${alpha} and a draft step that costs ${cost.toFixed(2)} of the target's, drafts do not pay: none.`
      : `${best} tokens pay best at alpha ${alpha} if a draft step costs ${cost.toFixed(2)} of the target's, as their sizes have it, and a pass takes as long as one over a single token.`,
  )
  return best
}

/** As a shell reads it. */
export function shellLine(command: readonly string[]): string {
  return command.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ')
}
