import { InferenceSession, Tensor } from 'onnxruntime-node'

/** A session on a file as it is, and a text in its cache: what a loop of one's own would run. */
export class StockPasses {
  private readonly session: InferenceSession
  private readonly past: Readonly<Record<string, Tensor>>
  private readonly held: number

  private constructor(session: InferenceSession, past: Readonly<Record<string, Tensor>>, held: number) {
    this.session = session
    this.past = past
    this.held = held
  }

  /** With `text` in the cache. @param file With a fused attention, as our exports have it. */
  static async open(file: string, threads: number, text: readonly number[]): Promise<StockPasses> {
    const session = await InferenceSession.create(file, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      // As long as ours do: two pools that spin without end would take each other's cores.
      extra: { session: { intra_op: { allow_spinning: '1', spin_duration_us: '20' }, force_spinning_stop: '1' } },
    })
    const { inputMetadata } = session
    const empty = inputMetadata.flatMap((input) => {
      if (!input.name.startsWith('past_key_values.') || !input.isTensor) return []
      const [, heads, , size] = input.shape
      return [[input.name, new Tensor('float32', new Float32Array(0), [1, Number(heads), 0, Number(size)])] as const]
    })
    const nothing = new StockPasses(session, Object.fromEntries(empty), 0)
    const outputs = await nothing.run(text)
    const past = Object.keys(nothing.past).map((name) => [name, outputs[name.replace('past_key_values', 'present')]!])
    return new StockPasses(session, Object.fromEntries(past), text.length)
  }

  /** A pass over `tokens`, all of whose logits are wanted. @returns Milliseconds. The text is as it was. */
  async pass(tokens: readonly number[]): Promise<number> {
    const started = performance.now()
    await this.run(tokens)
    return performance.now() - started
  }

  release(): Promise<void> {
    return this.session.release()
  }

  private run(tokens: readonly number[]): Promise<InferenceSession.OnnxValueMapType & Record<string, Tensor>> {
    const line = (values: readonly number[]): Tensor =>
      new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length])
    return this.session.run({
      ...this.past,
      input_ids: line(tokens),
      attention_mask: line(Array<number>(this.held + tokens.length).fill(1)),
      num_logits_to_keep: new Tensor('int64', [0n], []),
    }) as Promise<Record<string, Tensor>>
  }
}
