import { ForetokenError } from '@foretoken/core'
import type { NativeContext } from './ffi/context.js'

/** How many states are kept for each sequence: enough for the longest usual draft, one token at a time. */
const most = 16
/** Bytes that the states of one sequence may take; the last two are kept in any case. */
const mostBytes = 64 * 2 ** 20

interface Checkpoint {
  /** How many tokens the sequence held. */
  readonly length: number
  readonly state: Uint8Array
}

/**
 * Earlier states of a sequence whose model cannot drop tokens (Mamba, RWKV, hybrids): going back means to restore one and
 * to compute again what followed it.
 */
export class Checkpoints {
  private readonly context: NativeContext
  private list: Checkpoint[]

  constructor(context: NativeContext, list: readonly Checkpoint[] = []) {
    this.context = context
    this.list = [...list]
  }

  /** For a fork. The states are shared. */
  copy(): Checkpoints {
    return new Checkpoints(this.context, this.list)
  }

  /** Remembers the state of `sequence`, which holds `length` tokens. No pass may be in flight. */
  save(sequence: number, length: number): void {
    if (length === 0 || this.list.at(-1)?.length === length) return
    const state = this.context.saveState(sequence)
    const kept = Math.max(2, Math.min(most, Math.floor(mostBytes / Math.max(1, state.length))))
    this.list.push({ length, state })
    if (this.list.length > kept) this.list.shift()
  }

  /**
   * Brings `sequence` back to the latest state that holds at most `length` tokens.
   *
   * @returns How many it holds now. The caller computes the rest again.
   */
  restore(sequence: number, length: number): number {
    while ((this.list.at(-1)?.length ?? 0) > length) this.list.pop()
    const last = this.list.at(-1)
    if (last === undefined) {
      this.context.removeFrom(sequence, 0)
      return 0
    }
    if (!this.context.restoreState(sequence, last.state) || !this.context.removeFrom(sequence, last.length)) {
      throw new ForetokenError('runtime', 'llama.cpp could not restore an earlier state of the sequence.')
    }
    return last.length
  }
}
