import { ForetokenError, type LanguageModel, type LogitsRows, type TokenId } from '@foretoken/core'

/**
 * The target, as far as it is known from a text that it said at temperature 0: its passes take no time. Strategies that
 * are tried in front of it draft as they would in front of the target itself.
 *
 * What the target would say after a refused token is not known: those rows hold nothing, so a strategy that looks back at
 * them learns a little less than it would.
 *
 * @param text The prompt and what was said after it.
 */
export function recordedModel(target: LanguageModel, text: readonly TokenId[]): LanguageModel {
  const { vocabSize, tokenizer, contextLength } = target
  return {
    description: `${target.description}, recorded`,
    vocabSize,
    contextLength,
    tokenizer,
    capabilities: { maxSequences: 1, rollback: 'trim', fork: false },
    createSequence() {
      const tokens: TokenId[] = []
      return Promise.resolve({
        tokens,
        get length() {
          return tokens.length
        },
        forward(input, { outputs = 'last' } = {}) {
          const count = outputs === 'all' ? input.length : outputs === 'none' ? 0 : outputs === 'last' ? 1 : outputs
          tokens.push(...input)
          const first = tokens.length - count + 1
          return Promise.resolve(rowsOf(nextTokens(text, tokens, first), vocabSize))
        },
        truncate(length) {
          tokens.length = length
          return Promise.resolve()
        },
        dispose: () => Promise.resolve(),
      })
    },
    dispose: () => Promise.resolve(),
  }
}

/** What the text says after each of the first `first`, `first + 1` … of `tokens`; nothing where they are not the text's. */
function nextTokens(text: readonly TokenId[], tokens: readonly TokenId[], first: number): (TokenId | undefined)[] {
  const strays = tokens.findIndex((token, i) => token !== text[i])
  const same = strays < 0 ? tokens.length : strays
  return Array.from({ length: tokens.length - first + 1 }, (_, i) => (first + i <= same ? text[first + i] : undefined))
}

function rowsOf(next: readonly (TokenId | undefined)[], vocabSize: number): LogitsRows {
  return {
    count: next.length,
    argmax(row) {
      const token = next[row]
      // A greedy round looks at no row behind the first refusal, and ends with the text.
      if (token === undefined) throw new ForetokenError('runtime', 'The recorded text says nothing here.')
      return token
    },
    row(row) {
      const logits = new Float32Array(vocabSize).fill(-Infinity)
      if (next[row] !== undefined) logits[next[row]] = 0
      return logits
    },
  }
}
