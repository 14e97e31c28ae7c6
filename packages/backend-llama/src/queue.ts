import { ForetokenError } from '@foretoken/core'
import type { LogitsRows, Pass, TokenId } from '@foretoken/core'
import { currentTurn, needsTurn, nextTurn } from './event-loop.js'
import type { NativeContext } from './ffi/context.js'
import { PassTimes } from './pass-times.js'
import { planPass } from './plan.js'
import type { Slice, Waiting } from './plan.js'
import { PassRows } from './rows.js'
import type { RowSource } from './rows.js'
import { cpuTurns } from './turns.js'
import type { Turns } from './turns.js'

/** A pass that is expected to be shorter runs on the calling thread: another thread costs more than 0.1 ms. */
const longestSynchronous = 2

/** A sequence as the queue sees it. */
export interface Line {
  /** Its number in the cache. */
  readonly id: number
  /** What the cache holds of it. The queue appends. */
  readonly held: TokenId[]
}

/** A forward on its way. */
interface Job extends Waiting {
  readonly line: Line
  readonly tokens: readonly TokenId[]
  readonly signal: AbortSignal | undefined
  done: number
  /** Copies of the rows that were given by passes before the last one. */
  readonly earlier: Float32Array[]
  readonly resolve: (rows: LogitsRows) => void
  readonly reject: (reason: unknown) => void
}

/**
 * Runs the forwards of one model, one pass at a time. Forwards that wait when the model becomes free share a pass.
 *
 * Rows of logits are read in the turn of the event loop in which their forward resolved. So the next pass starts in a
 * later turn, except when the only reader of the last pass asks for it: that one is done with its rows, and a single
 * generation never waits for the event loop.
 */
export class PassQueue implements RowSource {
  stamp = 0
  /** Told of each pass when it is over, and before the next begins. */
  onPass?: (tokens: number, ms: number) => void
  private readonly context: NativeContext
  private readonly gpu: boolean
  private readonly turns: Turns | undefined
  private readonly times = new PassTimes()
  private readonly waiting: Job[] = []
  /** Runs when the pass in flight is over. */
  private readonly afterPass: (() => void)[] = []
  private inFlight = false
  private scheduled = false
  /** Who may still be reading the last pass, and in which turn. */
  private reader: Line | undefined
  private readers = 0
  private readTurn = -1
  private closed: ForetokenError | undefined

  /** @param hardware What has a part in its passes. */
  constructor(context: NativeContext, hardware: { readonly cpu: boolean; readonly gpu: boolean }) {
    this.context = context
    this.gpu = hardware.gpu
    this.turns = hardware.cpu ? cpuTurns : undefined
  }

  row(index: number): Float32Array {
    return this.context.row(index)
  }

  /** Appends `tokens` to `line`; resolves with the rows of the last `outputs` of them. */
  forward(
    line: Line,
    tokens: readonly TokenId[],
    outputs: number,
    signal: AbortSignal | undefined,
  ): Promise<LogitsRows> {
    return new Promise((resolve, reject) => {
      if (this.closed !== undefined) {
        reject(this.closed)
        return
      }
      // A copy: what the caller does to its list meanwhile must not change what the cache is said to hold.
      this.waiting.push({ line, tokens: tokens.slice(), outputs, signal, done: 0, earlier: [], resolve, reject })
      if (this.inFlight || this.scheduled) return
      if (this.waiting.length === 1 && this.mayStartNow(line)) this.startPassSoon()
      else this.startPassNextTurn()
    })
  }

  /** Runs `action`, which touches the cache, as soon as no pass is in flight: at once if there is none. */
  exclusively<Result>(action: () => Result): Promise<Result> {
    if (this.closed !== undefined) return Promise.reject(this.closed)
    return this.betweenPasses(action)
  }

  /** Rejects the forward of `line` that is on its way, if there is one. What a pass in flight computes for it is lost. */
  cancel(line: Line, reason: unknown): void {
    for (const job of this.waiting.filter((waiting) => waiting.line === line)) {
      this.remove(job)
      job.reject(reason)
    }
  }

  /** Rejects with `reason` what is on its way and all that comes later, and runs `last` when no pass is in flight. */
  close(reason: ForetokenError, last: () => void): Promise<void> {
    this.closed = reason
    this.stamp++
    for (const job of this.waiting.splice(0)) job.reject(reason)
    return this.betweenPasses(last)
  }

  private betweenPasses<Result>(action: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(action())
        } catch (error) {
          reject(error as Error)
        }
      }
      if (this.inFlight) this.afterPass.push(run)
      else run()
    })
  }

  private mayStartNow(line: Line): boolean {
    if (needsTurn()) return false
    return this.readers === 0 || (this.readers === 1 && this.reader === line) || this.readTurn !== currentTurn()
  }

  /** In this turn still: what others ask for in the same breath comes along. */
  private startPassSoon(): void {
    this.startPassAfter(Promise.resolve())
  }

  private startPassNextTurn(): void {
    this.startPassAfter(nextTurn())
  }

  private startPassAfter(moment: Promise<void>): void {
    this.scheduled = true
    void moment.then(() => {
      this.scheduled = false
      this.startPass()
    })
  }

  private startPass(): void {
    this.dropAborted()
    if (this.waiting.length === 0) return
    if (this.turns?.take() === false) {
      this.scheduled = true
      // In a later turn of the event loop: what those ask for whose pass is over comes along.
      this.turns.wait(() => this.startPassNextTurn())
      return
    }
    const { tokensPerPass, rowsPerPass } = this.context.sizes
    const slices = planPass(this.waiting, { tokens: tokensPerPass, rows: rowsPerPass })
    let tokens = 0
    let rows = 0
    this.context.clearBatch()
    for (const { job, from, to, rows: slicedRows } of slices) {
      this.context.addToBatch(job.tokens, from, to, job.line.held.length, job.line.id, slicedRows)
      tokens += to - from
      rows += slicedRows
    }
    this.stamp++
    const started = performance.now()
    if (this.times.expected(tokens) < longestSynchronous) {
      // Tells the clock of the event loop that we are about to hold it.
      this.readTurn = currentTurn()
      let status: number
      try {
        status = this.context.decode()
      } catch (error) {
        this.failPass(slices, error)
        return
      }
      this.finish(slices, rows, tokens, started, status)
      return
    }
    this.inFlight = true
    this.context.decodeInBackground(this.gpu).then(
      (status) => this.finish(slices, rows, tokens, started, status),
      (error: unknown) => this.failPass(slices, error),
    )
  }

  private finish(slices: readonly Slice<Job>[], rows: number, tokens: number, started: number, status: number): void {
    if (status !== 0) {
      this.failPass(slices, passFailed(status))
      return
    }
    try {
      this.context.loadRows(rows)
    } catch (error) {
      this.failPass(slices, error)
      return
    }
    const ms = performance.now() - started
    this.times.observe(tokens, ms)
    this.onPass?.(tokens, ms)
    this.endPass(slices, { tokens, sequences: slices.length, ms })
  }

  private endPass(slices: readonly Slice<Job>[], pass: Pass): void {
    let row = 0
    this.leavePass(() => {
      for (const slice of slices) {
        this.settle(slice, pass, row)
        row += slice.rows
      }
    })
  }

  private failPass(slices: readonly Slice<Job>[], error: unknown): void {
    this.leavePass(() => {
      for (const slice of slices) this.fail(slice, error)
    })
  }

  private leavePass(settle: () => void): void {
    this.inFlight = false
    this.turns?.give()
    this.readers = 0
    this.readTurn = currentTurn()
    settle()
    for (const action of this.afterPass.splice(0)) action()
    if (this.waiting.length > 0) this.startPassNextTurn()
  }

  private settle({ job, from, to, rows }: Slice<Job>, pass: Pass, firstRow: number): void {
    for (let token = from; token < to; token++) job.line.held.push(job.tokens[token] as TokenId)
    job.done = to
    if (to < job.tokens.length) {
      for (let row = 0; row < rows; row++) job.earlier.push(this.context.row(firstRow + row).slice())
      return
    }
    this.remove(job)
    this.reader = job.line
    this.readers++
    job.resolve(new PassRows(this, pass, firstRow, rows, job.earlier))
  }

  private fail({ job }: Slice<Job>, error: unknown): void {
    // llama.cpp may have kept a part of a pass that failed. A model that cannot drop it starts anew.
    if (!this.context.removeFrom(job.line.id, job.line.held.length)) {
      this.context.removeFrom(job.line.id, 0)
      job.line.held.length = 0
    }
    this.remove(job)
    job.reject(error)
  }

  private dropAborted(): void {
    for (const job of [...this.waiting]) {
      if (job.signal?.aborted !== true) continue
      this.remove(job)
      job.reject(job.signal.reason)
    }
  }

  private remove(job: Job): void {
    const index = this.waiting.indexOf(job)
    if (index >= 0) this.waiting.splice(index, 1)
  }
}

function passFailed(status: number): ForetokenError {
  if (status === 1) {
    return new ForetokenError(
      'runtime',
      'llama.cpp found no room in its cache for the pass. Load the model with a larger contextSize, or fewer sequences.',
    )
  }
  return new ForetokenError(
    'runtime',
    `llama.cpp refused or failed a pass (status ${status}). The sequence is as it was.`,
  )
}
