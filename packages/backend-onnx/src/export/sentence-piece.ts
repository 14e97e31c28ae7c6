import { type GgufFile, numbersOf } from '@foretoken/gguf'
import { cannotConvert } from './tokenizer.js'
import { numbered, startStep, type Vocabulary } from './vocabulary.js'

/**
 * The parts of tokenizer.json that are special to SentencePiece's BPE, with bytes for characters that have no token. GGUF
 * files have scores in place of merges: the pair is merged first whose result has the best score.
 */
export function sentencePieceTokenizer(source: GgufFile, vocabulary: Vocabulary): object {
  const scores = numbersOf(source.metadata, 'tokenizer.ggml.scores')
  if (scores === undefined) throw cannotConvert(source, 'it has no scores')
  const wish = source.metadata.get('tokenizer.ggml.add_space_prefix')
  const spaceFirst = wish?.type !== 'bool' || wish.value
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  const spacesBack = { type: 'Replace', pattern: { String: '▁' }, content: ' ' }
  const strip = { type: 'Strip', content: ' ', start: 1, stop: 0 }
  return {
    normalizer: { type: 'Sequence', normalizers: [...(spaceFirst ? [{ type: 'Prepend', prepend: '▁' }] : []), spaces] },
    pre_tokenizer: null,
    post_processor: startStep(vocabulary),
    decoder: {
      type: 'Sequence',
      decoders: [spacesBack, { type: 'ByteFallback' }, { type: 'Fuse' }, ...(spaceFirst ? [strip] : [])],
    },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: vocabulary.tokens[vocabulary.kinds.indexOf('unknown')] ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: numbered(vocabulary.tokens),
      merges: mergesOf(vocabulary, scores),
    },
  }
}

/** All ways to make a token of two others, those with the best result first. */
function mergesOf({ tokens, kinds }: Vocabulary, scores: readonly number[]): [string, string][] {
  const mergeable = tokens.map((_, id) => id).filter((id) => kinds[id] === 'normal' || kinds[id] === 'user')
  const known = new Set(mergeable.map((id) => tokens[id]!))
  const merges: { pair: [string, string]; score: number }[] = []
  for (const id of mergeable) {
    const characters = [...tokens[id]!]
    for (let at = 1; at < characters.length; at++) {
      const pair: [string, string] = [characters.slice(0, at).join(''), characters.slice(at).join('')]
      if (known.has(pair[0]) && known.has(pair[1])) merges.push({ pair, score: scores[id]! })
    }
  }
  return merges.sort((a, b) => b.score - a.score).map(({ pair }) => pair)
}
