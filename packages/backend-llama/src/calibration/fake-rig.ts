import type { Rig } from './bench.js'

/** A rig whose passes take what `time` says, and no real time. For tests. */
export class FakeRig implements Rig {
  /** The widths of all passes, in their order. */
  readonly passes: number[] = []
  threads: number
  time: (tokens: number, threads: number) => number

  constructor(time: FakeRig['time'], threads = 1) {
    this.time = time
    this.threads = threads
  }

  pass(tokens: number): Promise<number> {
    this.passes.push(tokens)
    return Promise.resolve(this.time(tokens, this.threads))
  }

  useThreads(threads: number): void {
    this.threads = threads
  }
}
