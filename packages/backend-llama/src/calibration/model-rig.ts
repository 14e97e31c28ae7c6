import type { Sequence } from '@foretoken/core'
import type { FfiModel } from '../model.js'
import type { Rig } from './bench.js'

/** A prime, so that the ids spread over any vocabulary: in a mixture of experts, equal tokens would use equal experts. */
const stride = 7919

/** The passes of a loaded model, on the way that generations take. */
export class ModelRig implements Rig {
  private readonly model: FfiModel
  private readonly sequence: Sequence
  private readonly signal: AbortSignal | undefined
  private drawn = 0

  constructor(model: FfiModel, sequence: Sequence, signal: AbortSignal | undefined) {
    this.model = model
    this.sequence = sequence
    this.signal = signal
  }

  async pass(tokens: number): Promise<number> {
    const text = Array.from({ length: tokens }, () => (stride * ++this.drawn) % this.model.vocabSize)
    const started = performance.now()
    await this.sequence.forward(text, { outputs: 'all', signal: this.signal })
    const ms = performance.now() - started
    // llama.cpp looks at 256 cells at the least: a longer context would take as long, and has to be computed first.
    await this.sequence.truncate(1)
    return ms
  }

  useThreads(threads: number): void {
    this.model.useThreads(threads)
  }
}
