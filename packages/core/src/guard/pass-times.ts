import type { LanguageModel, Pass, PassTime } from '../model.js'

/** How far a pass over one token moves the scale, and one over several the scale, its own ratio and all other ratios. */
const plainRate = 0.2
const scaleRate = 0.05
const ownRate = 0.3
const othersRate = 0.15
/** How fast the company in which passes are made changes. */
const companyRate = 0.2
/** A pass this many times as long as expected, or as short, is a surprise; several in a row are believed sooner. */
const surprising = 1.3
const believed = 2.5
/** A single pass that took longer than this many times what was expected was stopped by something else. */
const mostOnce = 2
const mostInARow = 8

/**
 * T(n), the time of a target pass over n tokens, as it is now: a curve T(n)/T(1) that changes slowly, times a scale that
 * follows the machine. It starts from what was measured at load, if anything was, and learns from each pass.
 */
export class PassTimes {
  /** Milliseconds of a pass over one token. */
  private scale: number | undefined
  /** T(n)/T(1), by n; holes where no pass was as wide. */
  private readonly ratios: number[] = []
  private widest = 1
  /** Of the passes over several tokens: which way the last one surprised, and how many before it in a row. */
  private direction = 0
  private surprises = 0
  private unsettled = false
  /** Of the passes lately: tokens of others, sequences, and what a round said. */
  private othersMean = 0
  private sequencesMean = 1
  private saidMean = 1

  constructor(curve: readonly PassTime[] = []) {
    const believed = bounded(curve)
    this.scale = believed[0]?.ms
    for (const { tokens, ms } of believed) this.know(tokens, ms / believed[0]!.ms)
    this.ratios[1] = 1
  }

  /** Whether anything is known at all. */
  get known(): boolean {
    return this.scale !== undefined
  }

  /**
   * Whether passes over several tokens have surprised since the last one over a single token: only that one can tell a
   * machine that has become slow from one that has become slow at many tokens.
   */
  get puzzled(): boolean {
    return this.unsettled
  }

  /**
   * T(tokens) in milliseconds: interpolated between widths that are known, and beyond them as from the first to the last.
   * NaN while nothing is known.
   */
  expected(tokens: number): number {
    return (this.scale ?? NaN) * this.ratio(tokens)
  }

  /**
   * A round of one text is over, in which the pass took `own` of its tokens and it said `said`.
   *
   * @param waited Milliseconds that it waited for the pass, which count where the backend does not tell of it.
   */
  observeRound(own: number, said: number, waited: number, pass: Pass | undefined): void {
    const { tokens, sequences, ms } = pass ?? { tokens: own, sequences: 1, ms: waited }
    this.othersMean += companyRate * (tokens - own - this.othersMean)
    this.sequencesMean += companyRate * (sequences - this.sequencesMean)
    this.saidMean += companyRate * (said - this.saidMean)
    this.observe(tokens, ms)
  }

  /** T of a pass in which a text has `tokens`, and others what they usually have. */
  beside(tokens: number): number {
    return this.expected(this.others + tokens)
  }

  /** How many tokens the others in a pass usually have in it. 0 for a text that has the model to itself. */
  get others(): number {
    return Math.round(this.othersMean)
  }

  /** How many tokens are said to the others in a pass. They lose as much as we do by a pass that takes longer. */
  get saidToOthers(): number {
    return this.others === 0 ? 0 : (this.sequencesMean - 1) * this.saidMean
  }

  observe(tokens: number, ms: number): void {
    if (!(ms > 0)) return
    if (this.scale === undefined) {
      this.scale = ms / this.ratio(tokens)
      return
    }
    const error = ms / this.expected(tokens)
    const direction = error > surprising ? 1 : error < 1 / surprising ? -1 : 0
    if (tokens === 1) {
      this.scale *= clip(error, mostOnce) ** plainRate
      this.unsettled = false
      return
    }
    if (this.ratios[tokens] === undefined && this.widest === 1) {
      this.know(tokens, ms / this.scale)
      return
    }
    this.surprises = direction !== 0 && direction === this.direction ? this.surprises + 1 : 0
    this.direction = direction
    if (direction !== 0) this.unsettled = true
    const bounded = clip(error, this.surprises > 0 ? mostInARow : mostOnce)
    const speed = this.surprises > 0 ? believed : 1
    this.scale *= bounded ** scaleRate
    const own = this.ratio(tokens) * bounded ** Math.min(1, ownRate * speed)
    const others = bounded ** Math.min(1, othersRate * speed)
    // What slows one width down slows its neighbours down, whether or not they will be seen.
    for (let width = 2; width <= this.widest; width++) {
      if (this.ratios[width] !== undefined) this.ratios[width]! *= others
    }
    this.know(tokens, own)
  }

  private know(tokens: number, ratio: number): void {
    this.ratios[tokens] = ratio
    this.widest = Math.max(this.widest, tokens)
  }

  private ratio(tokens: number): number {
    const known = this.ratios[tokens]
    if (known !== undefined) return known
    let below = Math.min(tokens, this.widest)
    while (this.ratios[below] === undefined) below--
    const from = this.ratios[below]!
    if (tokens > this.widest) {
      const slope = this.widest > 1 ? (from - 1) / (this.widest - 1) : unknownSlope
      return from + slope * (tokens - below)
    }
    let above = tokens
    while (this.ratios[above] === undefined) above++
    return from + ((this.ratios[above]! - from) * (tokens - below)) / (above - below)
  }
}

/**
 * A pass over fewer tokens could be filled up to more, so it need not take longer. Where it seemed to, something else got in
 * the way when it was timed; believed, a single such moment would keep drafts off that width and all beyond it.
 */
function bounded(curve: readonly PassTime[]): PassTime[] {
  let least = Infinity
  return curve
    .toReversed()
    .map(({ tokens, ms }) => ({ tokens, ms: (least = Math.min(least, ms)) }))
    .toReversed()
}

/** What a further token of a pass is taken to cost before any was tried, in passes: it must be tried to be known. */
const unknownSlope = 0.1

function clip(error: number, most: number): number {
  return Math.min(most, Math.max(1 / most, error))
}

const ofModels = new WeakMap<LanguageModel, PassTimes>()

/** What is known of the passes of `model`, by all that run it. */
export function passTimesOf(model: LanguageModel): PassTimes {
  let times = ofModels.get(model)
  if (!times) ofModels.set(model, (times = new PassTimes(model.passCurve)))
  return times
}
