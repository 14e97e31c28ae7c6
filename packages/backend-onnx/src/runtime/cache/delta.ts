import type { Tensor } from 'onnxruntime-node'
import type { OnnxRuntime } from '../onnxruntime.js'
import type { Cache, CacheLayout, Rollback, Tensors } from './cache.js'
import { newTensors, textInputs } from './inputs.js'
import { copyRows } from './rows.js'

/**
 * Room is made for a part more rows than are held, in steps: more would cost attention that looks at all of them, less too
 * many copies.
 */
const spare = 1 / 8
const step = 32

/**
 * A cache for graphs that give only the new rows: they are written behind the others, and what is held is not copied. Room
 * that is not used yet is as stale as rows that no longer count.
 */
export class DeltaCache implements Cache {
  length = 0
  private readonly ort: OnnxRuntime
  private readonly layout: CacheLayout
  private readonly rollback: Rollback
  private past: readonly Tensor[]

  constructor(ort: OnnxRuntime, layout: CacheLayout, rollback: Rollback) {
    this.ort = ort
    this.layout = layout
    this.rollback = rollback
    this.past = newTensors(ort, layout, 0)
  }

  feeds(tokens: number): Tensors {
    const feeds: Record<string, Tensor> = {}
    this.layout.pairs.forEach(({ past }, index) => (feeds[past] = this.past[index]!))
    const held = this.length
    const masked = this.rollback === 'mask' ? this.room : held
    return { ...feeds, ...textInputs(this.ort, { held, tokens, rows: masked, stale: [[held, masked]] }) }
  }

  take(outputs: Tensors, tokens: number): void {
    this.makeRoom(this.length + tokens)
    this.layout.pairs.forEach(({ present }, index) => {
      copyRows(outputs[present]!, 0, this.past[index]!, this.length, tokens)
    })
    this.length += tokens
  }

  truncate(length: number): void {
    this.length = length
    this.makeRoom(length)
  }

  fork(): Cache {
    const copy = new DeltaCache(this.ort, this.layout, this.rollback)
    copy.makeRoom(this.length)
    this.past.forEach((tensor, index) => copyRows(tensor, 0, copy.past[index]!, 0, this.length))
    copy.length = this.length
    return copy
  }

  private get room(): number {
    return this.past[0]!.dims[2]!
  }

  /** For `rows` rows, and not much more: unused room is not for free. */
  private makeRoom(rows: number): void {
    // Where stale rows would be looked at, there is no room for any. Elsewhere a refused draft is no reason to move.
    const [wanted, most] = this.rollback === 'slice' ? [rows, rows] : [roomFor(rows), roomFor(roomFor(rows))]
    if (this.room >= rows && this.room <= most) return
    const past = newTensors(this.ort, this.layout, wanted)
    this.past.forEach((tensor, index) => copyRows(tensor, 0, past[index]!, 0, Math.min(rows, this.length)))
    this.past = past
  }
}

function roomFor(rows: number): number {
  return Math.ceil((rows * (1 + spare)) / step) * step
}
