import koffi from 'koffi'
import { ForetokenError } from '@foretoken/core'
import { inBackground } from './calls.js'
import type { BatchStruct, Calls } from './calls.js'
import { Memory } from './memory.js'
import { notNull } from './structs.js'
import type { Pointer } from './structs.js'
import { createThreadPool } from './threadpool.js'
import type { ThreadPool } from './threadpool.js'

/** `LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY`: without what can be dropped by the token. */
const partialState = 1

export interface ContextSizes {
  /** Cells of the cache, shared by all sequences. */
  readonly cells: number
  readonly sequences: number
  /** Tokens and rows of logits that a pass can take. */
  readonly tokensPerPass: number
  readonly rowsPerPass: number
  /** A tensor type's number in llama.cpp. */
  readonly cacheType: number
  readonly vocabSize: number
}

/** A model's one llama.cpp context: its cache, the batch that is passed in and the logits that come out. */
export class NativeContext {
  readonly sizes: ContextSizes
  private readonly calls: Calls
  private readonly context: Pointer
  private readonly cache: Pointer
  private pool: ThreadPool | undefined
  /** Pools that are not attached any more, but that the runtime goes back to once, to put them to sleep. */
  private retired: ThreadPool[] = []

  private readonly batch: BatchStruct
  private readonly memory = new Memory()
  private readonly tokenIds
  private readonly positions
  private readonly sequenceIds
  private readonly outputFlags

  private logits: Pointer = 0n
  private rows: Float32Array[] = []
  private disposed = false

  constructor(calls: Calls, context: Pointer, threads: number, sizes: ContextSizes) {
    this.calls = calls
    this.context = context
    this.sizes = sizes
    this.cache = notNull(calls.llama_get_memory(context), 'llama.cpp gave the model no cache.')
    this.useThreads(threads)

    const length = sizes.tokensPerPass
    this.tokenIds = this.memory.int32(length)
    this.positions = this.memory.int32(length)
    this.sequenceIds = this.memory.int32(length)
    this.outputFlags = this.memory.int8(length)
    const ones = this.memory.int32(length)
    ones.values.fill(1)
    ones.commit(length)
    // Each token belongs to one sequence: a list of one, which lies in `sequenceIds`.
    const lists = this.memory.pointers(
      Array.from({ length }, (_, index) => this.sequenceIds.pointer + BigInt(4 * index)),
    )
    this.batch = {
      n_tokens: 0,
      token: this.tokenIds.pointer,
      embd: null,
      pos: this.positions.pointer,
      n_seq_id: ones.pointer,
      seq_id: lists,
      logits: this.outputFlags.pointer,
    }
  }

  /** Makes later passes run on so many threads. No pass may be in flight. */
  useThreads(threads: number): void {
    this.calls.llama_set_n_threads(this.context, threads, threads)
    this.calls.llama_detach_threadpool(this.context)
    if (this.pool !== undefined) this.retired.push(this.pool)
    // A pool of its own: in a larger one, each pass would wake the workers that it has no use for.
    this.pool = createThreadPool(this.calls, threads)
    if (this.pool === undefined) return
    this.calls.llama_attach_threadpool(this.context, this.pool.pointer, this.pool.pointer)
  }

  /** Starts an empty batch. */
  clearBatch(): void {
    this.batch.n_tokens = 0
  }

  /** Appends tokens `[from, to)` of a text that starts at `position` of a sequence; the last `rows` give logits. */
  addToBatch(
    tokens: ArrayLike<number>,
    from: number,
    to: number,
    position: number,
    sequence: number,
    rows: number,
  ): void {
    let index = this.batch.n_tokens
    const firstRow = to - rows
    for (let token = from; token < to; token++, index++) {
      this.tokenIds.values[index] = tokens[token] as number
      this.positions.values[index] = position + token - from
      this.sequenceIds.values[index] = sequence
      this.outputFlags.values[index] = token >= firstRow ? 1 : 0
    }
    this.batch.n_tokens = index
  }

  /** Runs the batch on this thread. @returns llama.cpp's status, 0 when it went well. */
  decode(): number {
    this.commitBatch()
    const status = this.calls.llama_decode(this.context, this.batch)
    if (status === 0) this.freeRetired()
    return status
  }

  /** Runs the batch on another thread. Nothing else may be called until it resolves. */
  async decodeInBackground(wait: boolean): Promise<number> {
    this.commitBatch()
    const status = await inBackground(this.calls.llama_decode, this.context, this.batch)
    if (status === 0) this.freeRetired()
    // A GPU may still be at work when llama_decode returns; waiting for it here would block this thread.
    if (wait && status === 0) await inBackground(this.calls.llama_synchronize, this.context)
    return status
  }

  /** Makes `count` rows of the pass readable. */
  loadRows(count: number): void {
    if (count === 0) return
    const logits = notNull(this.calls.llama_get_logits(this.context), 'llama.cpp gave no logits for the pass.')
    if (!this.memory.shared) {
      const type = koffi.array('float', this.sizes.vocabSize, 'Typed')
      const bytes = this.sizes.vocabSize * 4
      this.rows = Array.from({ length: count }, (_, row) => koffi.decode(logits, row * bytes, type) as Float32Array)
      return
    }
    if (logits !== this.logits) this.rows = []
    this.logits = logits
    const { vocabSize } = this.sizes
    for (let row = this.rows.length; row < count; row++) {
      this.rows.push(new Float32Array(koffi.view(logits + BigInt(row * vocabSize * 4), vocabSize * 4)))
    }
  }

  /** A row of the last pass, by its place among those that gave one. The runtime's own memory, unless it cannot be shared. */
  row(index: number): Float32Array {
    const row = this.rows[index]
    if (row === undefined) throw new ForetokenError('runtime', `The pass has no row ${index}.`)
    return row
  }

  /** Drops what a sequence holds from `length` on. @returns Whether it could be done. */
  removeFrom(sequence: number, length: number): boolean {
    return this.calls.llama_memory_seq_rm(this.cache, sequence, length, -1)
  }

  /** Gives sequence `target`, which must be empty, the content of `source`. The cells are shared. */
  copySequence(source: number, target: number): void {
    // Whole sequences only: a part of one across streams makes llama.cpp end the process.
    this.calls.llama_memory_seq_cp(this.cache, source, target, -1, -1)
  }

  /** How many tokens a sequence holds in the cache. */
  sequenceLength(sequence: number): number {
    return this.calls.llama_memory_seq_pos_max(this.cache, sequence) + 1
  }

  /** What the runtime must know to go on from here, in a model that keeps a state instead of a cache, or beside it. */
  saveState(sequence: number): Uint8Array {
    const size = this.calls.llama_state_seq_get_size_ext(this.context, sequence, partialState)
    const state = new Uint8Array(Number(size))
    const written = this.calls.llama_state_seq_get_data_ext(this.context, state, state.length, sequence, partialState)
    return state.subarray(0, Number(written))
  }

  /** @returns Whether it could be done. */
  restoreState(sequence: number, state: Uint8Array): boolean {
    return (
      Number(this.calls.llama_state_seq_set_data_ext(this.context, state, state.length, sequence, partialState)) > 0
    )
  }

  clearCache(): void {
    this.calls.llama_memory_clear(this.cache, true)
  }

  /** No pass may be in flight. */
  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    this.rows = []
    this.calls.llama_detach_threadpool(this.context)
    this.calls.llama_free(this.context)
    this.pool?.free()
    this.freeRetired()
    this.memory.free()
  }

  /** After a pass: it ran on the pool that is attached, and the runtime has let go of those before. */
  private freeRetired(): void {
    if (this.retired.length > 0) for (const pool of this.retired.splice(0)) pool.free()
  }

  private commitBatch(): void {
    if (this.memory.shared) return
    const length = this.batch.n_tokens
    for (const array of [this.tokenIds, this.positions, this.sequenceIds, this.outputFlags]) array.commit(length)
  }
}
