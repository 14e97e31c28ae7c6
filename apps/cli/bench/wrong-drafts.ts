import type { DraftStrategy, LanguageModel, LogitsRows, Sequence } from '@foretoken/core'

/** Drafts random tokens at no cost, and is sure of each. */
export const randomTokens = (): DraftStrategy => ({
  name: 'random',
  open: ({ target }) => {
    let state = 1
    return {
      propose(_, { maxTokens, goOn }) {
        const tokens: number[] = []
        while (tokens.length < maxTokens && goOn(tokens.length, 1)) {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
          tokens.push(state % target.vocabSize)
        }
        return { tokens }
      },
    }
  },
})

/** A model that takes as long as `model`, is as sure of itself, and means other tokens: each is another's. */
export function unrelated(model: LanguageModel): LanguageModel {
  const shift = Math.floor(model.vocabSize / 3)
  const shifted = (row: Float32Array): Float32Array => {
    const other = new Float32Array(row.length)
    other.set(row.subarray(row.length - shift), 0)
    other.set(row.subarray(0, row.length - shift), shift)
    return other
  }
  const rowsOf = (rows: LogitsRows): LogitsRows => ({
    count: rows.count,
    argmax: (row) => (rows.argmax(row) + shift) % model.vocabSize,
    row: (row) => shifted(rows.row(row)),
  })
  const wrap = (sequence: Sequence): Sequence => ({
    get tokens() {
      return sequence.tokens
    },
    get length() {
      return sequence.length
    },
    forward: async (tokens, options) => rowsOf(await sequence.forward(tokens, options)),
    truncate: (length) => sequence.truncate(length),
    dispose: () => sequence.dispose(),
  })
  const { description, vocabSize, contextLength, tokenizer, capabilities, passCurve } = model
  return {
    description: `unrelated to ${description}`,
    vocabSize,
    contextLength,
    tokenizer,
    capabilities,
    ...(passCurve && { passCurve }),
    createSequence: async () => wrap(await model.createSequence()),
    dispose: () => model.dispose(),
  }
}
