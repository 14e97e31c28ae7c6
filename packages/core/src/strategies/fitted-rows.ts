import { kernels } from '../kernels/index.js'
import type { LogitsRows, TokenId } from '../model.js'

/**
 * Rows of a model whose vocabulary has more padding at its end than another's, or less, as rows of that one's length: tokens
 * that the model does not have are impossible to it, and those that the other does not have are left out.
 *
 * Families of models have one vocabulary and matrices of several sizes: of Qwen2.5, the small ones give 151,936 logits and the
 * large ones 152,064, for 151,665 tokens.
 *
 * @param vocabSize Logits of a row.
 */
export function fittedRows(rows: LogitsRows, vocabSize: number): LogitsRows {
  const fitted = (index: number): Float32Array => {
    const row = rows.row(index)
    if (row.length >= vocabSize) return row.subarray(0, vocabSize)
    const longer = new Float32Array(vocabSize).fill(-Infinity)
    longer.set(row)
    return longer
  }
  return {
    count: rows.count,
    ...(rows.pass && { pass: rows.pass }),
    row: fitted,
    argmax(index): TokenId {
      const token = rows.argmax(index)
      return token < vocabSize ? token : kernels.argmax(fitted(index))
    },
  }
}
