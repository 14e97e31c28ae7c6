import type { GgufFile, GgufTensor } from '@foretoken/gguf'

/** What is stored as one tensor: one of the file, or the rows of several, one below the other. */
export interface Stored {
  readonly name: string
  /** A number stands for so many zeros. */
  readonly parts: readonly (GgufTensor | number)[]
}

/**
 * The tensors of `source`, in its order. With `join`, the matrices of queries, keys and values are one, `attn_qkv`, in the
 * place of the first, and so are their biases: one product takes less time than three, and gives each row the same bits.
 */
export function storedTensors({ tensors }: Pick<GgufFile, 'tensors'>, join: boolean): Stored[] {
  const stored = new Map<string, Stored>()
  for (const tensor of tensors.values()) {
    const [, layer, kind] = (join && /^(blk\.\d+)\.attn_[qkv]\.(weight|bias)$/.exec(tensor.name)) || []
    if (layer === undefined) {
      stored.set(tensor.name, { name: tensor.name, parts: [tensor] })
      continue
    }
    const name = `${layer}.attn_qkv.${kind}`
    const parts = ['attn_q', 'attn_k', 'attn_v'].map((part) => {
      return tensors.get(`${layer}.${part}.${kind}`) ?? tensors.get(`${layer}.${part}.weight`)!.dimensions[1]!
    })
    stored.set(name, { name, parts })
  }
  return [...stored.values()]
}
