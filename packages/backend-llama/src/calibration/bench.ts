import { PassSamples } from './samples.js'

/** A model whose passes can be timed. */
export interface Rig {
  /** Runs a pass of one sequence over so many tokens that all give logits. @returns Milliseconds. */
  pass(tokens: number): Promise<number>
  /** Makes later passes run on so many threads. */
  useThreads(threads: number): void
}

/** Times passes, and remembers all that it timed. */
export class Bench {
  /** Milliseconds of all passes. */
  spent = 0
  threads: number
  private readonly rig: Rig
  private readonly samples = new Map<number, PassSamples>()

  /** @param threads What the rig runs on now. */
  constructor(rig: Rig, threads: number) {
    this.rig = rig
    this.threads = threads
  }

  /** What is known of passes on as many threads as are in use. */
  get times(): PassSamples {
    return this.timesOn(this.threads)
  }

  timesOn(threads: number): PassSamples {
    let times = this.samples.get(threads)
    if (times === undefined) this.samples.set(threads, (times = new PassSamples()))
    return times
  }

  useThreads(threads: number): void {
    if (threads === this.threads) return
    this.rig.useThreads(threads)
    this.threads = threads
  }

  /** @returns Milliseconds. */
  async pass(tokens: number): Promise<number> {
    const ms = await this.rig.pass(tokens)
    this.spent += ms
    this.times.add(tokens, ms)
    return ms
  }
}
