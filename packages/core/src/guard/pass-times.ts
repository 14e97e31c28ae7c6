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
  /** How many texts a pass had lately. */
  private company = 1
  private last: Pass | undefined
  /** How many passes there were: the same number for all texts that were in one. */
  round = 0

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
   * T(tokens) in milliseconds: interpolated between widths that are known, and beyond them as in their upper half.
   * NaN while nothing is known.
   */
  expected(tokens: number): number {
    return (this.scale ?? NaN) * this.ratio(tokens)
  }

  /**
   * A round of one text is over, in which it had `own` tokens in the pass.
   *
   * @param waited Milliseconds that it waited for the pass, which count where the backend does not tell of it.
   */
  observeRound(own: number, waited: number, pass: Pass | undefined): void {
    // Each text that was in it tells of it.
    if (pass !== undefined && pass === this.last) return
    this.last = pass
    this.round++
    const { tokens, sequences, ms } = pass ?? { tokens: own, sequences: 1, ms: waited }
    this.company += companyRate * (sequences - this.company)
    this.observe(tokens, ms)
  }

  /**
   * T of a pass in which a text has `tokens`, as do those that usually share it. All decide by the same figures, so whoever
   * reckons with the others as they are would draft more than all of them can.
   */
  shared(tokens: number): number {
    return this.expected(this.texts * tokens)
  }

  /** How many texts a pass usually has. */
  get texts(): number {
    return Math.round(this.company)
  }

  observe(tokens: number, ms: number): void {
    if (!(ms > 0)) return
    if (this.scale === undefined) {
      this.scale = ms / this.ratio(tokens)
      return
    }
    const error = ms / this.expected(tokens)
    const direction = error > surprising ? 1 : error < 1 / surprising ? -1 : 0
    // Plain decoding, of one text or of several.
    if (tokens === this.texts) {
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

  /** By how much T(n)/T(1) rises with each token beyond the widest pass: passes may be free up to some width. */
  private slope(): number {
    const { widest } = this
    if (widest === 1) return unknownSlope
    const last = this.ratios[widest]!
    const half = Math.ceil(widest / 2)
    return Math.max((last - 1) / (widest - 1), half < widest ? (last - this.ratio(half)) / (widest - half) : 0)
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
      return from + this.slope() * (tokens - below)
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
