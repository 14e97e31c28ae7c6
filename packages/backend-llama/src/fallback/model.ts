import { ForetokenError } from '@foretoken/core'
import type { Capabilities, Sequence } from '@foretoken/core'
import { allOpen } from '@foretoken/core/backend'
import type { LlamaContext, LlamaModel as NodeLlamaModel } from 'node-llama-cpp'
import type { ModelInfo } from '../inspect.js'
import type { MemoryEstimate } from '../memory.js'
import { deviceOf } from '../model.js'
import type { LlamaModel, LoadPlan } from '../model.js'
import { PublicApiSequence } from './sequence.js'
import { PublicApiTokenizer } from './tokenizer.js'

/** A model over node-llama-cpp's own. It tells the best next token, and nothing more of the logits. */
export class PublicApiModel implements LlamaModel {
  readonly info: ModelInfo
  readonly device: string
  readonly gpu: LlamaModel['gpu']
  readonly threads: number
  readonly memory: MemoryEstimate
  readonly path = 'public-api'
  readonly description: string
  readonly contextLength: number
  readonly capabilities: Capabilities
  readonly vocabSize: number
  readonly tokenizer: PublicApiTokenizer
  private readonly model: NodeLlamaModel
  private readonly context: LlamaContext
  private readonly sequences = new Set<PublicApiSequence>()
  private disposal: Promise<void> | undefined

  /** Takes model and context over. */
  constructor(model: NodeLlamaModel, context: LlamaContext, plan: LoadPlan, sequences: number) {
    this.model = model
    this.context = context
    this.info = plan.info
    this.threads = plan.threads[0]!
    this.device = deviceOf(plan, this.threads)
    this.gpu = plan.gpu
    this.memory = plan.memory
    this.description = `${plan.title}, ${this.device}, through the public API`
    this.contextLength = plan.contextLength
    this.vocabSize = plan.info.vocabSize
    // node-llama-cpp hides whether the end of a sequence can be dropped; for these models it computes all of it again.
    this.capabilities = { maxSequences: sequences, rollback: plan.info.recurrent ? 'replay' : 'trim', fork: false }
    this.tokenizer = new PublicApiTokenizer(model, plan.info)
  }

  async createSequence(): Promise<Sequence> {
    if (this.disposal !== undefined) throw disposed()
    if (this.sequences.size >= this.capabilities.maxSequences) throw allOpen(this.capabilities.maxSequences)
    const sequence = new PublicApiSequence(this.context.getSequence(), this, () => this.sequences.delete(sequence))
    this.sequences.add(sequence)
    return sequence
  }

  dispose(): Promise<void> {
    this.disposal ??= this.free()
    return this.disposal
  }

  private async free(): Promise<void> {
    const reason = disposed()
    await Promise.all([...this.sequences].map((sequence) => sequence.end(reason)))
    this.tokenizer.close()
    await this.context.dispose()
    await this.model.dispose()
  }
}

function disposed(): ForetokenError {
  return new ForetokenError('disposed', 'The model was disposed. Load it again.')
}
