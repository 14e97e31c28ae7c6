import { ForetokenError } from '@foretoken/core'
import type { Capabilities, Constraint, FormatDescription, LanguageModel, Sequence, Tokenizer } from '@foretoken/core'
import { allOpen } from '@foretoken/core/backend'
import type { Calibration } from './calibration/calibrate.js'
import { returnFreedMemory } from './ffi/allocator.js'
import type { Calls } from './ffi/calls.js'
import { inBackground } from './ffi/calls.js'
import type { NativeContext } from './ffi/context.js'
import type { Spread } from './ffi/open.js'
import type { Pointer } from './ffi/structs.js'
import type { ModelInfo } from './inspect.js'
import type { MemoryEstimate } from './memory.js'
import { PassQueue } from './queue.js'
import { LlamaSequence } from './sequence.js'
import type { SequenceHost } from './sequence.js'
import type { LlamaTokenizer } from './tokenizer.js'
import type { SpreadMachine } from './workers/spread-plan.js'

/** A model that runs on llama.cpp. */
export interface LlamaModel extends LanguageModel {
  /** What the file is. */
  readonly info: ModelInfo
  /** `CPU (zen4), 2 threads`, `NVIDIA H200 (CUDA)` */
  readonly device: string
  readonly gpu: 'metal' | 'cuda' | 'vulkan' | false
  /** Threads that a pass runs on. */
  readonly threads: number
  /** How long its passes take here; absent where nobody measured. `passCurve` are its passes. */
  readonly calibration?: Calibration
  /** What was estimated before it was loaded. */
  readonly memory: MemoryEstimate
  /**
   * `ffi`: llama.cpp is called directly, with all it can do. `public-api`: through node-llama-cpp's documented API, because
   * the release of llama.cpp is not one that we know; greedy decoding only, and slower.
   */
  readonly path: 'ffi' | 'public-api'
  /** The machines that it is spread over, in the order in which a pass goes through them. */
  readonly spread?: readonly SpreadMachine[]
}

/** How a model is to be loaded, once its file, the machine and the options are known. */
export interface LoadPlan extends Pick<LlamaModel, 'info' | 'gpu' | 'memory'> {
  /** `demo-target F16, 7.4 MiB` */
  readonly title: string
  /** `CPU (zen4)`, `NVIDIA H200 (CUDA)` */
  readonly hardware: string
  /** Whether the CPU has no part in it. */
  readonly onGpuAlone: boolean
  /** How many layers the GPU holds. */
  readonly gpuLayers: number
  /** Which of them are computed on other machines. */
  readonly spread?: Spread
  /** The numbers of threads to choose from, the usual one first. */
  readonly threads: readonly number[]
  readonly contextLength: number
}

/** Where a model runs, for people. */
export function deviceOf({ hardware, onGpuAlone }: LoadPlan, threads: number): string {
  return onGpuAlone ? hardware : `${hardware}, ${threads} thread${threads === 1 ? '' : 's'}`
}

/** A model over our own handles into llama.cpp. */
export class FfiModel implements LlamaModel, SequenceHost {
  readonly info: ModelInfo
  readonly gpu: LlamaModel['gpu']
  threads: number
  calibration?: Calibration
  passCurve?: Calibration['passes']
  readonly memory: MemoryEstimate
  readonly contextLength: number
  readonly capabilities: Capabilities
  readonly path = 'ffi'
  readonly vocabSize: number
  readonly tokenizer: Tokenizer
  /** @internal */
  readonly context: NativeContext
  /** @internal */
  readonly queue: PassQueue
  private readonly plan: LoadPlan
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
    plan: LoadPlan,
    capabilities: Capabilities,
  ) {
    this.plan = plan
    this.calls = calls
    this.handle = handle
    this.context = context
    this.vocabulary = tokenizer
    this.tokenizer = tokenizer
    this.vocabSize = tokenizer.vocabSize
    this.info = plan.info
    this.gpu = plan.gpu
    this.threads = plan.threads[0]!
    this.memory = plan.memory
    this.contextLength = plan.contextLength
    this.capabilities = capabilities
    this.queue = new PassQueue(context, { cpu: !plan.onGpuAlone, gpu: plan.gpu !== false || plan.spread !== undefined })
    this.freeIds = Array.from({ length: capabilities.maxSequences }, (_, id) => id).reverse()
  }

  get device(): string {
    return deviceOf(this.plan, this.threads)
  }

  get description(): string {
    return `${this.plan.title}, ${this.device}`
  }

  /** Makes later passes run on so many threads. No pass may be in flight. @internal */
  useThreads(threads: number): void {
    this.context.useThreads(threads)
    this.threads = threads
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
    if (id === undefined) throw allOpen(this.capabilities.maxSequences)
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
