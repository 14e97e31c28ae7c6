import type { PassTime } from '@foretoken/core'

/** Passes that a number of threads is judged by, before a trial and in it. */
const passesBefore = 4
const passesInTrial = 2
/** Milliseconds that each of two passes in a row must have lost for a trial to wait for no further ones. */
const muchLost = 250
/** How many times as long as measured at load all of them must take for fewer threads to be tried. */
const disturbed = 2
/** What counts as quicker: less than this part of the time. Fewer threads have to be worth the trial of going back. */
const [worthFewer, worthAll] = [0.7, 0.9]
/** Milliseconds until the next trial: doubled by each that failed, and longer where trials would take more than this share of the time. */
const [shortestPause, longestPause] = [1000, 60_000]
const share = 0.03

/** What runs the passes. */
export interface ThreadHost {
  readonly threads: number
  /** Makes later passes run on so many threads. */
  useThreads(threads: number): void
}

interface Trial {
  readonly from: number
  readonly ratios: number[]
  /** Milliseconds that were lost by it. */
  cost: number
}

/**
 * Runs passes on fewer threads while other programs take cores.
 *
 * The threads of a pass wait for each other some 300 times. When another program keeps one core busy, each of these waits
 * can last until the system's scheduler has turned to the thread that is missing: on two cores, one busy program made
 * passes on two threads up to 150 times as long, and those on one a third longer. So when passes take much longer than they were
 * measured to, fewer threads are tried for two passes, and kept if that is quicker; all of them are tried again from time
 * to time. On our kernels, how many threads there are changes no bit of the logits.
 */
export class ThreadWatch {
  private readonly host: ThreadHost
  /** What there is to choose from, the usual number first, the others from the most to the fewest. */
  private readonly usual: number
  private readonly fewer: readonly number[]
  private readonly curve: readonly PassTime[]
  private readonly now: () => number
  /** Times of the last passes outside of trials, as parts of those measured at load, and what they lost, in milliseconds. */
  private recent: number[] = []
  private lost: number[] = []
  private trial: Trial | undefined
  private failures = 0
  private notBefore = 0

  /**
   * @param choices Numbers of threads, the usual one first.
   * @param curve T(1), T(2), … as measured at load.
   */
  constructor(
    host: ThreadHost,
    choices: readonly number[],
    curve: readonly PassTime[],
    now = (): number => performance.now(),
  ) {
    this.host = host
    this.usual = choices[0]!
    this.fewer = choices.filter((threads) => threads < this.usual).toSorted((a, b) => b - a)
    this.curve = curve
    this.now = now
  }

  /** To be told of each pass when it is over, and before the next begins. */
  observe(tokens: number, ms: number): void {
    const expected = this.curve[tokens - 1]?.ms
    if (expected === undefined) return
    const ratio = ms / expected
    if (this.trial) {
      const before = Math.min(...this.recent)
      this.trial.ratios.push(ratio)
      this.trial.cost += Math.max(0, ratio - before) * expected
      // One pass that is slower has said enough: it can take seconds.
      if (ratio > before || this.trial.ratios.length >= passesInTrial) this.conclude(this.trial)
      return
    }
    this.recent = [...this.recent, ratio].slice(-passesBefore)
    this.lost = [...this.lost, ms - expected].slice(-2)
    const { threads } = this.host
    // A single pause is nobody's fault.
    const urgent = threads === this.usual && this.lost.length === 2 && Math.min(...this.lost) > muchLost
    if ((this.recent.length < passesBefore && !urgent) || this.now() < this.notBefore) return
    if (threads < this.usual) this.try(this.usual)
    else if (Math.min(...this.recent) > disturbed && this.fewer.length > 0) {
      this.try(this.fewer[this.failures % this.fewer.length]!)
    }
  }

  private try(threads: number): void {
    this.trial = { from: this.host.threads, ratios: [], cost: 0 }
    this.host.useThreads(threads)
  }

  private conclude({ from, ratios, cost }: Trial): void {
    this.trial = undefined
    const worth = this.host.threads < from ? worthFewer : worthAll
    const before = Math.min(...this.recent)
    this.recent = []
    this.lost = []
    if (Math.min(...ratios) < worth * before) {
      this.failures = 0
      this.notBefore = this.now() + shortestPause
      return
    }
    this.host.useThreads(from)
    const pause = Math.min(longestPause, shortestPause * 2 ** this.failures++)
    this.notBefore = this.now() + Math.max(pause, cost / share)
  }
}
