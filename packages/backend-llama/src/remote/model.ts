import { ForetokenError } from '@foretoken/core'
import type { Capabilities, LanguageModel, Pass, PassTime, Sequence, Tokenizer } from '@foretoken/core'
import { allOpen } from '@foretoken/core/backend'
import type { Link } from './link.js'
import type { Passed, Served } from './messages.js'
import type { RowsFile } from './rows.js'
import { RemoteSequence, type SequenceHost } from './sequence.js'

/** Gives the process that holds the model, and starts another when it is lost. */
export interface Connection {
  /** @throws `worker-lost` when no other can be started. */
  link(): Promise<Link>
  /** A pass came back: what was lost before is over. */
  works(): void
  replayed(tokens: number): void
  close(): Promise<void>
}

/** A model that another process holds, which may be lost, and replaced, at any time. */
export class RemoteModel implements LanguageModel, SequenceHost {
  readonly description: string
  readonly vocabSize: number
  readonly contextLength: number
  readonly capabilities: Capabilities
  readonly tokenizer: Tokenizer
  readonly passCurve?: readonly PassTime[]
  /** @internal */
  readonly file: RowsFile
  private readonly connection: Connection
  private readonly sequences = new Set<RemoteSequence>()
  private opened = 0
  private last: { readonly id: number; readonly pass: Pass } | undefined
  private disposal: Promise<void> | undefined

  constructor(parts: {
    readonly description: string
    readonly served: Served
    readonly passCurve: readonly PassTime[] | undefined
    readonly tokenizer: Tokenizer
    readonly file: RowsFile
    readonly connection: Connection
  }) {
    this.description = parts.description
    this.vocabSize = parts.served.vocabSize
    this.contextLength = parts.served.contextLength
    this.capabilities = parts.served.capabilities
    this.tokenizer = parts.tokenizer
    this.file = parts.file
    this.connection = parts.connection
    if (parts.passCurve) this.passCurve = parts.passCurve
  }

  async createSequence(): Promise<Sequence> {
    return this.open()
  }

  /** @internal */
  open(): RemoteSequence {
    this.mustLive()
    const { maxSequences } = this.capabilities
    if (this.sequences.size >= maxSequences) throw allOpen(maxSequences)
    const sequence = new RemoteSequence(this, ++this.opened)
    this.sequences.add(sequence)
    return sequence
  }

  /** @internal */
  closed(sequence: RemoteSequence): void {
    this.sequences.delete(sequence)
  }

  /** @internal */
  async link(signal?: AbortSignal): Promise<Link> {
    this.mustLive()
    const connecting = this.connection.link()
    if (signal === undefined) return connecting
    let abort: (() => void) | undefined
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(signal.reason as Error)
      signal.addEventListener('abort', abort)
    })
    try {
      return await Promise.race([connecting, aborted])
    } finally {
      signal.removeEventListener('abort', abort!)
    }
  }

  /** @internal */
  deadline(tokens: number): number | undefined {
    const one = this.passCurve?.[0]?.ms
    return one === undefined ? undefined : 10_000 + 10 * one * tokens
  }

  /** Those that shared a pass get the same one. @internal */
  passOf(told: Passed['pass']): Pass | undefined {
    this.connection.works()
    if (told === undefined) return undefined
    if (this.last?.id !== told.id) {
      const { id, tokens, sequences, ms } = told
      this.last = { id, pass: { tokens, sequences, ms } }
    }
    return this.last.pass
  }

  /** @internal */
  replayed(tokens: number): void {
    this.connection.replayed(tokens)
  }

  dispose(): Promise<void> {
    this.disposal ??= this.free()
    return this.disposal
  }

  protected mustLive(): void {
    if (this.disposal !== undefined) throw disposed()
  }

  private async free(): Promise<void> {
    const reason = disposed()
    for (const sequence of this.sequences) sequence.abandon(reason)
    await this.connection.close()
    this.file.close()
  }
}

function disposed(): ForetokenError {
  return new ForetokenError('disposed', 'The model was disposed. Load it again.')
}
