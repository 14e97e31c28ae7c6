import { withAccuracyLevel } from './accuracy-level.js'
import { attendInParts } from './attend-in-parts.js'
import { GraphEdit } from './graph-edit.js'
import { joinProducts } from './join-products.js'
import { keepLogits } from './logits-to-keep.js'
import { newRowsOnly } from './new-rows-only.js'

/** Changes to a decoder's graph. */
export interface Patches {
  /**
   * How exact the inner products of `MatMulNBits` are: 1 single precision, 2 half, 3 bfloat16, 4 whole numbers of 8 bits,
   * which are several times as fast on CPUs, and make logits depend a little on how many tokens share a pass.
   */
  readonly accuracyLevel?: 1 | 2 | 3 | 4
  /** Products of one value with several matrices of 4 bits are one. */
  readonly joinProducts?: boolean
  /**
   * `GroupQueryAttention` becomes products with the past and with the new tokens, which copy no cache. Cache outputs are only
   * the rows of this pass's tokens then. For CPUs, which are quicker at it.
   */
  readonly attendInParts?: boolean
  /** Cache outputs are only the rows of this pass's tokens. */
  readonly newRowsOnly?: boolean
  /** An input `num_logits_to_keep`, an int64 scalar: logits of so many last positions, 0 for all. */
  readonly logitsToKeep?: boolean
}

/** What has become of a model. */
export interface Patched {
  readonly model: Uint8Array
  /** How many `MatMulNBits` got another accuracy level. */
  readonly accuracyLevel: number
  /** How many products are no more, as others have their rows. */
  readonly joinedProducts: number
  /** Whether attention was. False when it is of another kind, or it was not asked for. */
  readonly attendInParts: boolean
  /** Whether cache outputs were made to be only new rows. False when they were so before, or it was not asked for. */
  readonly newRowsOnly: boolean
  /** Whether the model has `num_logits_to_keep`, now or from the start. False when it was not asked for. */
  readonly logitsToKeep: boolean
}

/**
 * Makes those changes that suit the graph. All that they do not touch stays byte for byte, and in its order.
 *
 * @param model The whole `.onnx` file. Left as it is.
 * @throws `model-file` when it is damaged or no ONNX model.
 */
export function patch(model: Uint8Array, patches: Patches): Patched {
  const graph = new GraphEdit(model)
  const parts = patches.attendInParts === true && attendInParts(graph)
  const rows = parts || (patches.newRowsOnly === true && newRowsOnly(graph))
  const logits = patches.logitsToKeep === true && keepLogits(graph)
  const joined = patches.joinProducts === true ? joinProducts(graph) : 0
  let levels = 0
  const level = patches.accuracyLevel
  const encoded = graph.encode((node) => {
    return level === undefined ? undefined : withAccuracyLevel(node, level, () => levels++)
  })
  return {
    model: encoded,
    accuracyLevel: levels,
    joinedProducts: joined,
    attendInParts: parts,
    newRowsOnly: rows,
    logitsToKeep: logits,
  }
}

/** {@link patch}'s model, for those who look at the graph anyway. */
export function patchGraph(model: Uint8Array, patches: Patches): Uint8Array {
  return patch(model, patches).model
}
