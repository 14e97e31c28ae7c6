import { ForetokenError } from '@foretoken/core'
import type { Capabilities, Constraint, FormatDescription, LanguageModel, Sequence, Tokenizer } from '@foretoken/core'
import { returnFreedMemory } from './ffi/allocator.js'
import type { Calls } from './ffi/calls.js'
import { inBackground } from './ffi/calls.js'
import type { NativeContext } from './ffi/context.js'
import type { Pointer } from './ffi/structs.js'
import type { ModelInfo } from './inspect.js'
import type { MemoryEstimate } from './memory.js'
import { PassQueue } from './queue.js'
import { LlamaSequence } from './sequence.js'
import type { SequenceHost } from './sequence.js'
import type { LlamaTokenizer } from './tokenizer.js'

/** A model that runs on llama.cpp. */
export interface LlamaModel extends LanguageModel {
  /** What the file is. */
  readonly info: ModelInfo
  /** `CPU (zen4), 2 threads`, `NVIDIA H200 (CUDA)` */
  readonly device: string
  readonly gpu: 'metal' | 'cuda' | 'vulkan' | false
  /** Threads that a pass runs on. */
  readonly threads: number
  /** What was estimated before it was loaded. */
  readonly memory: MemoryEstimate
  /**
   * `ffi`: llama.cpp is called directly, with all it can do. `public-api`: through node-llama-cpp's documented API, because
   * the release of llama.cpp is not one that we know; greedy decoding only, and slower.
   */
  readonly path: 'ffi' | 'public-api'
}

/** How a model is to be loaded, once its file, the machine and the options are known. */
export interface LoadPlan extends Pick<LlamaModel, 'info' | 'device' | 'gpu' | 'threads' | 'memory'> {
  readonly description: string
  readonly contextLength: number
  /** How many layers the GPU holds. */
  readonly gpuLayers: number
}

/** A model over our own handles into llama.cpp. */
export class FfiModel implements LlamaModel, SequenceHost {
  readonly info: ModelInfo
  readonly device: string
  readonly gpu: LlamaModel['gpu']
  readonly threads: number
  readonly memory: MemoryEstimate
  readonly description: string
  readonly contextLength: number
  readonly capabilities: Capabilities
  readonly path = 'ffi'
  readonly vocabSize: number
  readonly tokenizer: Tokenizer
  /** @internal */
  readonly context: NativeContext
  /** @internal */
  readonly queue: PassQueue
  private readonly calls: Calls
  private readonly handle: Pointer
  private readonly vocabulary: LlamaTokenizer
  private readonly sequences = new Set<LlamaSequence>()
  private readonly freeIds: number[]
  private disposal: Promise<void> | undefined

  constructor(
    calls: Calls,
    handle: Pointer,
    context: NativeContext,
    tokenizer: LlamaTokenizer,
    facts: LoadPlan & Pick<LlamaModel, 'capabilities'>,
  ) {
    this.calls = calls
    this.handle = handle
    this.context = context
    this.vocabulary = tokenizer
    this.tokenizer = tokenizer
    this.vocabSize = tokenizer.vocabSize
    this.info = facts.info
    this.device = facts.device
    this.gpu = facts.gpu
    this.threads = facts.threads
    this.memory = facts.memory
    this.description = facts.description
    this.contextLength = facts.contextLength
    this.capabilities = facts.capabilities
    this.queue = new PassQueue(context, facts.gpu !== false)
    this.freeIds = Array.from({ length: facts.capabilities.maxSequences }, (_, id) => id).reverse()
  }

  async createSequence(): Promise<Sequence> {
    return this.open()
  }

  /** Loads what compiles formats when it is first asked for: who has no use for it does not pay for it. */
  async constrain(format: FormatDescription): Promise<Constraint> {
    if (this.disposal !== undefined) throw disposed()
    const { compileFormat } = await import('@foretoken/grammar')
    return compileFormat(format, this.vocabulary)
  }

  /** @internal */
  open(): LlamaSequence {
    if (this.disposal !== undefined) throw disposed()
    const id = this.freeIds.pop()
    if (id === undefined) {
      throw new ForetokenError(
        'unsupported',
        `All ${this.capabilities.maxSequences} sequences of the model are open. Dispose one, or load it with more sequences.`,
      )
    }
    const sequence = new LlamaSequence(this, id)
    this.sequences.add(sequence)
    return sequence
  }

  /** @internal */
  closed(sequence: LlamaSequence): void {
    if (this.sequences.delete(sequence)) this.freeIds.push(sequence.id)
  }

  dispose(): Promise<void> {
    this.disposal ??= this.free()
    return this.disposal
  }

  private async free(): Promise<void> {
    const reason = disposed()
    for (const sequence of this.sequences) sequence.abandon(reason)
    this.vocabulary.close()
    await this.queue.close(reason, () => this.context.dispose())
    await inBackground(this.calls.llama_model_free, this.handle)
    await returnFreedMemory()
  }
}

function disposed(): ForetokenError {
  return new ForetokenError('disposed', 'The model was disposed. Load it again.')
}
