/** Upper ends of the ranges of confidence that are told apart. 1 itself is a range: it is what drafters without one say. */
const ends = [0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98, 0.995, 1]
/** How many ranges there are. */
export const ranges: number = ends.length + 1
/** First positions of the groups that are told apart. */
const groups = [0, 1, 2, 4, 8, 16]

/** Weight of what is believed beforehand, in observations: of a range of confidence, and of a position within it. */
const priorWeight = 3
const rangeWeight = 4
/** How far one observation moves the bias, in log odds, and how far it goes at most. */
const biasRate = 0.15
const mostBias = 5
/** The most observations that are remembered: the past fades as others come. */
const memory = 40

/**
 * How often drafted tokens are accepted, by the drafter's confidence and by their position in the draft, given that all
 * tokens before them were accepted.
 */
export class Acceptance {
  private readonly byRange = new Counts(ranges)
  private readonly byPosition = new Counts(ranges * groups.length)

  /** How much more often it is right than it says, in log odds, whatever it says. */
  private bias = 0

  /** How many tokens were judged, ever. */
  evidence = 0

  /** The probability that a token at `position` (0 is the first) is accepted, of which the drafter is so sure. */
  expected(position: number, range: number): number {
    const ofRange = this.byRange.mean(range, this.believed(range), priorWeight)
    return this.byPosition.mean(cellOf(range, position), ofRange, rangeWeight)
  }

  observe(position: number, range: number, accepted: boolean): void {
    this.evidence++
    // Logistic regression, one step: a drafter that was wrong where it was sure will be elsewhere, too.
    const bias = this.bias + biasRate * ((accepted ? 1 : 0) - this.believed(range))
    this.bias = Math.min(mostBias, Math.max(-mostBias, bias))
    this.byRange.add(range, accepted ? 1 : 0)
    this.byPosition.add(cellOf(range, position), accepted ? 1 : 0)
  }

  /** What the drafter says of itself, taken with a grain of salt, and for as modest or boastful as it has shown to be. */
  private believed(range: number): number {
    const sure = (ends[range - 1] ?? 0) / 2 + (ends[range] ?? 1) / 2
    const said = 0.15 + 0.75 * sure
    return 1 / (1 + ((1 - said) / said) * Math.exp(-this.bias))
  }

  /** The text has gone on, or is another: at most so many observations of each kind still count. */
  fade(most: number): void {
    this.byRange.fade(most)
    this.byPosition.fade(most)
  }
}

class Counts {
  private readonly hits: Float64Array
  private readonly all: Float64Array

  constructor(size: number) {
    this.hits = new Float64Array(size)
    this.all = new Float64Array(size)
  }

  mean(index: number, prior: number, weight: number): number {
    return (this.hits[index]! + weight * prior) / (this.all[index]! + weight)
  }

  add(index: number, value: number): void {
    this.limit(index, memory - 1)
    this.hits[index]! += value
    this.all[index]! += 1
  }

  fade(most: number): void {
    for (let index = 0; index < this.all.length; index++) this.limit(index, most)
  }

  private limit(index: number, most: number): void {
    const all = this.all[index]!
    if (all <= most) return
    this.hits[index]! *= most / all
    this.all[index] = most
  }
}

/** The range that a confidence in `[0, 1]` is in. */
export function rangeOf(confidence: number): number {
  const range = ends.findIndex((end) => confidence < end)
  return range < 0 ? ranges - 1 : range
}

function cellOf(range: number, position: number): number {
  let group = groups.length - 1
  while (groups[group]! > position) group--
  return range * groups.length + group
}
