import type { Tensor } from 'onnxruntime-node'
import type { OnnxRuntime } from '../onnxruntime.js'
import type { Cache, CacheLayout, Rollback, Tensors } from './cache.js'
import { newTensors, textInputs } from './inputs.js'
import { copyRows } from './rows.js'
import type { Run } from './rows.js'

/** Stale rows are copied and looked at in each pass. So many are not worth a copy of the others. */
const fewStale = 64

/**
 * A cache whose past is what the last pass gave: each pass copies all of it, and nothing else has to. No tensor ever
 * changes, so a fork shares them.
 */
export class GrowingCache implements Cache {
  private readonly ort: OnnxRuntime
  private readonly layout: CacheLayout
  private readonly rollback: Rollback
  private past: readonly Tensor[]
  /** Which rows of the past count: disjoint and ascending. */
  private runs: readonly Run[] = []

  constructor(ort: OnnxRuntime, layout: CacheLayout, rollback: Rollback) {
    this.ort = ort
    this.layout = layout
    this.rollback = rollback
    this.past = newTensors(ort, layout, 0)
  }

  get length(): number {
    return this.runs.reduce((sum, [from, to]) => sum + to - from, 0)
  }

  feeds(tokens: number): Tensors {
    const feeds: Record<string, Tensor> = {}
    this.layout.pairs.forEach(({ past }, index) => (feeds[past] = this.past[index]!))
    const held = this.length
    // Where a number says what counts, what is stale lies behind it.
    const masked = this.rollback === 'mask' ? this.rows : held
    const stale = this.rollback === 'mask' ? gaps(this.runs, masked) : []
    return { ...feeds, ...textInputs(this.ort, { held, tokens, rows: masked, stale }) }
  }

  take(outputs: Tensors, tokens: number): void {
    const from = this.rollback === 'mask' ? this.rows : this.length
    this.past = this.layout.pairs.map(({ present }) => outputs[present]!)
    this.runs = joined([...this.runs, [from, from + tokens]])
  }

  truncate(length: number): void {
    this.runs = firstRows(this.runs, length)
    const stale = this.rows - length
    if (stale > (this.rollback === 'slice' || length === 0 ? 0 : fewStale)) this.dropStale(length)
  }

  fork(): Cache {
    const copy = new GrowingCache(this.ort, this.layout, this.rollback)
    copy.past = this.past
    copy.runs = this.runs
    return copy
  }

  private get rows(): number {
    return this.past[0]!.dims[2]!
  }

  private dropStale(length: number): void {
    const past = newTensors(this.ort, this.layout, length)
    this.past.forEach((tensor, index) => {
      let end = 0
      for (const [from, to] of this.runs) {
        copyRows(tensor, from, past[index]!, end, to - from)
        end += to - from
      }
    })
    this.past = past
    this.runs = length === 0 ? [] : [[0, length]]
  }
}

function firstRows(runs: readonly Run[], length: number): Run[] {
  const kept: Run[] = []
  let left = length
  for (const [from, to] of runs) {
    if (left > 0) kept.push([from, Math.min(to, from + left)])
    left -= to - from
  }
  return kept
}

/** What lies between the runs and up to `end`. */
function gaps(runs: readonly Run[], end: number): Run[] {
  const starts = [0, ...runs.map(([, to]) => to)]
  const ends = [...runs.map(([from]) => from), end]
  return starts.map((from, index) => [from, ends[index]!] as const)
}

function joined(runs: readonly Run[]): Run[] {
  const result: Run[] = []
  for (const [from, to] of runs) {
    const last = result.at(-1)
    if (last?.[1] === from) result[result.length - 1] = [last[0], to]
    else result.push([from, to])
  }
  return result
}
