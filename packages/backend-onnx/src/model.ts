import { ForetokenError } from '@foretoken/core'
import type {
  Capabilities,
  Constraint,
  FormatDescription,
  LanguageModel,
  PassTime,
  Sequence,
  Tokenizer,
} from '@foretoken/core'
import { allOpen } from '@foretoken/core/backend'
import type { Rollback } from './runtime/cache/cache.js'
import type { Host } from './runtime/host.js'
import type { Opened } from './runtime/messages.js'
import type { DeviceReport } from './runtime/providers.js'
import { constrain } from './tokenizer/constrain.js'
import { PassQueue } from './queue.js'
import { OnnxSequence } from './sequence.js'
import type { SequenceHost } from './sequence.js'

/** A model that runs on ONNX Runtime, in a thread beside this one. */
export interface OnnxModel extends LanguageModel {
  /** Absolute path of the .onnx file. */
  readonly file: string
  /** What it runs on, and what else was tried. */
  readonly device: DeviceReport
  /** Threads that a pass runs on, where the CPU runs it. */
  readonly threads: number
  /** How its cache forgets tokens, as found out by trying. */
  readonly rollback: Rollback | 'none'
}

/** What a model is made of. */
export interface ModelParts extends Pick<
  OnnxModel,
  'description' | 'contextLength' | 'file' | 'threads' | 'tokenizer'
> {
  readonly host: Host
  /** The model's number in the worker. */
  readonly id: number
  readonly opened: Opened
  readonly sequences: number
}

export class WorkerModel implements OnnxModel, SequenceHost {
  readonly description: string
  readonly vocabSize: number
  readonly contextLength: number
  readonly tokenizer: Tokenizer
  readonly capabilities: Capabilities
  readonly file: string
  readonly device: DeviceReport
  readonly threads: number
  readonly rollback: OnnxModel['rollback']
  passCurve?: readonly PassTime[]
  /** @internal */
  readonly host: Host
  /** @internal */
  readonly id: number
  /** @internal */
  readonly queue: PassQueue
  private readonly sequences = new Set<OnnxSequence>()
  private opened = 0
  private disposal: Promise<void> | undefined

  constructor({ opened, sequences, ...parts }: ModelParts) {
    this.description = parts.description
    this.contextLength = parts.contextLength
    this.file = parts.file
    this.threads = parts.threads
    this.tokenizer = parts.tokenizer
    this.host = parts.host
    this.id = parts.id
    this.vocabSize = parts.tokenizer.vocabSize
    this.device = opened.report
    this.rollback = opened.rollback
    this.queue = new PassQueue(parts.host, parts.id, opened.shares)
    const rollback = opened.rollback === 'none' ? 'none' : 'trim'
    this.capabilities = { maxSequences: sequences, rollback, fork: true }
  }

  async createSequence(): Promise<Sequence> {
    return this.open()
  }

  async constrain(format: FormatDescription): Promise<Constraint> {
    if (this.disposal !== undefined) throw disposed()
    return constrain(format, this.tokenizer)
  }

  /** @internal */
  open(): OnnxSequence {
    if (this.disposal !== undefined) throw disposed()
    const { maxSequences } = this.capabilities
    if (this.sequences.size >= maxSequences) throw allOpen(maxSequences)
    const sequence = new OnnxSequence(this, ++this.opened)
    this.sequences.add(sequence)
    return sequence
  }

  /** @internal */
  closed(sequence: OnnxSequence): void {
    this.sequences.delete(sequence)
  }

  dispose(): Promise<void> {
    this.disposal ??= this.free()
    return this.disposal
  }

  private async free(): Promise<void> {
    const reason = disposed()
    for (const sequence of this.sequences) sequence.abandon(reason)
    this.queue.close(reason)
    // Behind the pass in flight. A worker that has ended holds nothing any more.
    await this.host.call({ op: 'close', model: this.id }).catch(() => {})
    await this.host.release()
  }
}

function disposed(): ForetokenError {
  return new ForetokenError('disposed', 'The model was disposed. Load it again.')
}
