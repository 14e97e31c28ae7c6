import type { LanguageModel, TokenId } from '../model.js'
import type { DraftStrategy } from '../strategy.js'
import { SuffixAutomaton } from './suffix/automaton.js'
import { Doubt } from './suffix/doubt.js'
import type { Source } from './suffix/follower.js'
import { Pause } from './suffix/pause.js'
import { SuffixReader } from './suffix/reader.js'
import { tokensOf } from './tokens-of.js'

/**
 * Goes on as fixed documents most often went on after the same tokens: source code that is being edited, manuals that are
 * quoted. They are read once for each vocabulary, by whoever opens first (about a second for a million tokens, and 65 bytes
 * a token), and shared by all generations.
 *
 * @param options.documents Texts, or lists of tokens, which then belong to one vocabulary: `open` throws
 * `vocabulary-mismatch` when the target's has no such token.
 */
export function staticCorpus(options: { readonly documents: readonly (string | readonly TokenId[])[] }): DraftStrategy {
  const sources = new Map<string, Promise<Source>>()
  return {
    name: 'corpus',
    async open({ target }) {
      const { fingerprint } = target.tokenizer
      const reading = sources.get(fingerprint) ?? read(options.documents, target)
      sources.set(fingerprint, reading)
      reading.catch(() => sources.delete(fingerprint))
      const source = await reading
      const reader = new SuffixReader(() => [source])
      return {
        propose(context, request) {
          reader.catchUp(context)
          return reader.propose(request)
        },
      }
    },
  }
}

async function read(documents: readonly (string | readonly TokenId[])[], target: LanguageModel): Promise<Source> {
  const automaton = new SuffixAutomaton()
  const pause = new Pause()
  for (const document of documents) {
    const tokens = tokensOf(document, target)
    for (const token of tokens) automaton.add(token)
    automaton.end()
    await pause.after(tokens.length)
  }
  return { automaton, doubt: new Doubt(8) }
}
