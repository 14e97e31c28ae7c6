import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { mustCover } from '../folder/check-signature.js'
import type { Signature } from '../folder/check-signature.js'
import type { Cache, CacheLayout, Tensors } from './cache/cache.js'
import { SideBySide } from './cache/side-by-side.js'
import { floatsOfHalves } from './half.js'
import type { TextTokens } from './messages.js'
import type { OnnxRuntime } from './onnxruntime.js'

/** A session that runs passes, of one text or of several. */
export class Decoder {
  readonly layout: CacheLayout
  private readonly signature: Signature
  private readonly vocabSize: number
  private readonly ort: OnnxRuntime
  private readonly session: InferenceSession
  private readonly inputs: ReadonlySet<string>
  private readonly presents: readonly string[]
  /** Of the number of logits: some exports take it as a list of one. */
  private readonly keepDims: readonly number[]
  private readonly together: SideBySide

  /** @param vocabSize Of the tokenizer. Logits of tokens beyond it, which fill a matrix up, are cut off. */
  constructor(ort: OnnxRuntime, session: InferenceSession, signature: Signature, vocabSize: number) {
    this.ort = ort
    this.session = session
    this.signature = signature
    this.vocabSize = vocabSize
    this.layout = layoutOf(signature)
    this.together = new SideBySide(ort, this.layout)
    this.inputs = new Set(session.inputNames)
    this.presents = this.layout.pairs.map(({ present }) => present)
    const keeps = session.inputMetadata.find(({ name }) => name === signature.keepsLogits)
    this.keepDims = keeps?.isTensor === true && keeps.shape.length === 1 ? [1] : []
  }

  /**
   * Appends `tokens` to what `cache` holds.
   *
   * @returns The logits of the last `outputs` tokens, `vocabSize` for each.
   */
  async pass(cache: Cache, tokens: readonly number[], outputs: number): Promise<Float32Array | undefined> {
    return (await this.run(cache, [{ tokens, outputs }]))[0]
  }

  /** The same for several texts of one token each. */
  passTogether(caches: readonly Cache[], texts: readonly TextTokens[]): Promise<(Float32Array | undefined)[]> {
    return this.run(this.together.of(caches), texts)
  }

  private async run(
    cache: Pick<Cache, 'feeds' | 'take'>,
    texts: readonly TextTokens[],
  ): Promise<(Float32Array | undefined)[]> {
    const { Tensor } = this.ort
    const { keepsLogits } = this.signature
    const count = texts[0]!.tokens.length
    const outputs = Math.max(...texts.map((text) => text.outputs))
    const tokens = texts.flatMap((text) => text.tokens)
    const feeds: Record<string, Tensor> = {
      input_ids: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [texts.length, count]),
    }
    for (const [name, tensor] of Object.entries(cache.feeds(count))) {
      if (this.inputs.has(name)) feeds[name] = tensor
    }
    if (keepsLogits !== undefined) {
      // 0 would stand for all rows.
      feeds[keepsLogits] = new Tensor('int64', BigInt64Array.of(BigInt(Math.max(1, outputs))), this.keepDims)
    }
    const results = (await this.session.run(
      feeds,
      outputs > 0 ? [...this.presents, 'logits'] : this.presents,
    )) as Tensors
    cache.take(results, count)
    return texts.map((text, index) =>
      text.outputs > 0 ? this.lastRows(results['logits']!, index, text.outputs) : undefined,
    )
  }

  release(): Promise<void> {
    return this.session.release()
  }

  /** @param logits `[texts, rows, width]` */
  private lastRows(logits: Tensor, text: number, outputs: number): Float32Array {
    const [rows, width] = logits.dims.slice(-2) as [number, number]
    const end = (text + 1) * rows * width
    const values = (logits.data as Float32Array | Uint16Array).subarray(end - outputs * width, end)
    const floats =
      values instanceof Float32Array
        ? values
        : floatsOfHalves(new Uint16Array(values.buffer, values.byteOffset, values.length))
    return width === this.vocabSize ? floats : this.narrowed(floats, width)
  }

  private narrowed(rows: Float32Array, width: number): Float32Array {
    mustCover(width, this.vocabSize)
    const narrow = new Float32Array((rows.length / width) * this.vocabSize)
    for (let from = 0, to = 0; from < rows.length; from += width, to += this.vocabSize) {
      narrow.set(rows.subarray(from, from + this.vocabSize), to)
    }
    return narrow
  }
}

function layoutOf({ layers, cacheType, cacheShape }: Signature): CacheLayout {
  const names = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat()
  return {
    pairs: names.map((name) => ({ past: `past_key_values.${name}`, present: `present.${name}` })),
    type: cacheType === 'float' ? 'float32' : 'float16',
    heads: cacheShape.kvHeads,
    headSize: cacheShape.headSize,
  }
}
