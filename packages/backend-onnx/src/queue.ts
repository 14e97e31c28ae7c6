import type { ForetokenError, Pass } from '@foretoken/core'
import type { PassCount } from './rows.js'
import type { Host } from './runtime/host.js'
import type { TextPass } from './runtime/messages.js'

const mostTexts = 8

/** What a text got out of a pass. */
export interface Passed {
  readonly logits: Float32Array | undefined
  readonly pass: Pass
}

interface Job {
  readonly text: TextPass
  readonly resolve: (passed: Passed) => void
  readonly reject: (reason: unknown) => void
}

/**
 * Runs the passes of one model, one at a time. Those that wait when the model becomes free share a pass, where they are of
 * one token and the model can.
 *
 * Rows of logits are read in the turn of the event loop in which their pass ended. So the next pass starts in a later turn,
 * except when the only reader of the last one asks for it: that one is done with its rows, and a single generation never
 * waits for the event loop. Generations in step have then all asked for their next pass.
 */
export class PassQueue implements PassCount {
  passes = 0
  private readonly host: Host
  private readonly model: number
  private readonly shares: boolean
  private waiting: Job[] = []
  private inFlight = false
  /** The sequences that may still read what the last pass gave them. */
  private readers: readonly number[] = []
  private closed: ForetokenError | undefined

  /** @param shares Whether the model can run several texts in a pass. */
  constructor(host: Host, model: number, shares: boolean) {
    this.host = host
    this.model = model
    this.shares = shares
  }

  /** @returns The logits of the last tokens of `text`, as many as it asks for. */
  run(text: TextPass): Promise<Passed> {
    return new Promise((resolve, reject) => {
      if (this.closed !== undefined) {
        reject(this.closed)
        return
      }
      this.waiting.push({ text, resolve, reject })
      if (this.readers.every((reader) => reader === text.sequence)) this.start()
    })
  }

  /** Rejects the pass of a sequence that waits, if there is one. One in flight goes on. */
  cancel(sequence: number, reason: ForetokenError): void {
    const [mine, others] = parted(this.waiting, ({ text }) => text.sequence === sequence)
    this.waiting = others
    for (const { reject } of mine) reject(reason)
  }

  /** Rejects with `reason` what waits, and all that comes later. A pass in flight goes on. */
  close(reason: ForetokenError): void {
    this.closed = reason
    this.passes++
    for (const { reject } of this.waiting.splice(0)) reject(reason)
  }

  private start(): void {
    if (this.inFlight || this.waiting.length === 0) return
    const jobs = this.takeJobs()
    this.inFlight = true
    this.passes++
    const tokens = jobs.reduce((sum, { text }) => sum + text.tokens.length, 0)
    const started = performance.now()
    this.host.call({ op: 'pass', model: this.model, texts: jobs.map(({ text }) => text) }).then(
      (logits) => {
        const pass = { tokens, sequences: jobs.length, ms: performance.now() - started }
        this.end(jobs, (job, index) => job.resolve({ logits: logits[index], pass }))
      },
      (error: unknown) => this.end(jobs, (job) => job.reject(error)),
    )
  }

  private takeJobs(): readonly Job[] {
    const first = this.waiting[0]!
    let taken = 0
    const [jobs, others] = parted(
      this.waiting,
      (job) => job === first || (this.shares && isShort(first) && isShort(job) && ++taken < mostTexts),
    )
    this.waiting = others
    return jobs
  }

  private end(jobs: readonly Job[], settle: (job: Job, index: number) => void): void {
    this.inFlight = false
    this.passes++
    const readers = jobs.map(({ text }) => text.sequence)
    this.readers = readers
    jobs.forEach(settle)
    setImmediate(() => {
      // Else another pass has ended since, and has its own readers.
      if (this.readers !== readers) return
      this.readers = []
      this.start()
    })
  }
}

/** GroupQueryAttention takes a batch of texts that hold something only where each goes on by one token. */
function isShort({ text }: Job): boolean {
  return text.tokens.length === 1
}

function parted<Item>(items: readonly Item[], isFirst: (item: Item) => boolean): [Item[], Item[]] {
  const [first, second]: [Item[], Item[]] = [[], []]
  for (const item of items) (isFirst(item) ? first : second).push(item)
  return [first, second]
}
