import { ForetokenError } from '@foretoken/core'

/** What we look at in a `tokenizer.json`; the rest is the library's. */
export interface TokenizerJson {
  readonly added_tokens?: readonly AddedToken[]
  readonly normalizer?: Step | null
  pre_tokenizer?: Step | null
  readonly post_processor?: PostProcessor | null
  readonly decoder?: Step | null
  readonly model: TokenizerModel
}

export interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special?: boolean
  /** Whether white space before it belongs to it. */
  readonly lstrip?: boolean
  /** Whether white space after it belongs to it. */
  readonly rstrip?: boolean
}

export interface Step {
  readonly type: string
  readonly decoders?: readonly Step[]
  readonly pretokenizers?: readonly Step[]
  readonly use_regex?: boolean
  readonly add_prefix_space?: boolean
}

export interface PostProcessor {
  readonly type: string
  readonly processors?: readonly PostProcessor[]
  readonly single?: readonly { readonly SpecialToken?: { readonly id: string }; readonly Sequence?: object }[]
}

export interface TokenizerModel {
  readonly type?: string
  readonly vocab: Record<string, number> | [text: string, score: number][]
  readonly byte_fallback?: boolean
  readonly unk_token?: string | null
  readonly unk_id?: number | null
}

/** What we look at in a `tokenizer_config.json`. */
export interface TokenizerConfig {
  readonly add_bos_token?: boolean | null
  readonly bos_token?: string | { readonly content: string } | null
  readonly eos_token?: string | { readonly content: string } | null
  readonly chat_template?: string | readonly { readonly name: string; readonly template: string }[] | null
}

/**
 * How tokens stand for bytes: `byte-level` (GPT-2 and later: each character of a token is a byte) or `sentencepiece`
 * (`▁` is a space, `<0x0A>` a byte).
 *
 * @throws `unsupported` when it is of another kind.
 */
export function familyOf(json: TokenizerJson): 'byte-level' | 'sentencepiece' {
  const types = [...stepsOf(json.decoder), ...stepsOf(json.pre_tokenizer)].map(({ type }) => type)
  const model = json.model.type ?? (Array.isArray(json.model.vocab) ? 'Unigram' : 'BPE')
  if (model === 'BPE' || model === 'Unigram') {
    if (types.includes('ByteLevel')) return 'byte-level'
    if (types.includes('Metaspace') || types.includes('ByteFallback')) return 'sentencepiece'
  }
  throw new ForetokenError(
    'unsupported',
    `The tokenizer is of a kind that is not known here (${[model, ...types].join(', ')}). Language models that write ` +
      'text have byte-level or SentencePiece ones: pass such a model.',
  )
}

function stepsOf(step: Step | null | undefined): Step[] {
  if (!step) return []
  return [step, ...[...(step.decoders ?? []), ...(step.pretokenizers ?? [])].flatMap(stepsOf)]
}

/** The text of a token that configs give as a text or as an object. */
export function tokenText(token: TokenizerConfig['bos_token']): string | undefined {
  return typeof token === 'string' ? token : (token?.content ?? undefined)
}
