/** A forward that waits for the model, in part done perhaps. */
export interface Waiting {
  /** Of all its tokens, how many are in the cache already. */
  readonly done: number
  readonly tokens: ArrayLike<number>
  /** How many of the last tokens give a row. */
  readonly outputs: number
}

/** What one pass takes of one forward: tokens `[from, to)`, of which the last `rows` give rows. */
export interface Slice<Job extends Waiting = Waiting> {
  readonly job: Job
  readonly from: number
  readonly to: number
  readonly rows: number
}

/**
 * Chooses what goes into the next pass. Short forwards go first and whole; long ones (prompts) fill the rest, so that a
 * prompt slows the generations beside it down but never stops them. How long a pass is bearable is the callers' to know:
 * prompts come in pieces of that size.
 *
 * @param room Tokens and rows that a pass can take.
 */
export function planPass<Job extends Waiting>(
  jobs: readonly Job[],
  room: { readonly tokens: number; readonly rows: number },
): Slice<Job>[] {
  const shortFirst = jobs.length < 2 ? jobs : [...jobs].sort((a, b) => remaining(a) - remaining(b))
  const slices: Slice<Job>[] = []
  let tokens = room.tokens
  let rows = room.rows
  for (const job of shortFirst) {
    const from = job.done
    const firstRow = job.tokens.length - job.outputs
    let to = Math.min(job.tokens.length, from + tokens)
    // Rows beyond the room wait for the next pass, and so do their tokens.
    to = Math.min(to, Math.max(from, firstRow) + rows)
    if (to <= from) continue
    const slice = { job, from, to, rows: Math.max(0, to - Math.max(from, firstRow)) }
    slices.push(slice)
    tokens -= to - from
    rows -= slice.rows
  }
  return slices
}

function remaining(job: Waiting): number {
  return job.tokens.length - job.done
}
