import { type Range } from '../language/characters.js'
import { choice, empty, type Expression, never, oneOf, optional, sequence, text } from '../language/expression.js'
import { anyInteger, anyNumber, digits, wholeDigits } from './json-text.js'

/** What a number may be. */
export interface Bounds {
  readonly min: number
  readonly max: number
  readonly aboveMin: boolean
  readonly belowMax: boolean
}

export const largest = 10 ** wholeDigits - 1

export function integerBetween({ min, max, aboveMin, belowMax }: Bounds): Expression {
  if (min === -Infinity && max === Infinity) return anyInteger
  const least = Math.max(-largest, aboveMin ? Math.floor(min) + 1 : Math.ceil(min))
  const most = Math.min(largest, belowMax ? Math.ceil(max) - 1 : Math.floor(max))
  if (least > most) return never
  const negative = least < 0 ? sequence(text('-'), whole(Math.max(1, -most), -least)) : never
  return choice(negative, most >= 0 ? whole(Math.max(0, least), most) : never)
}

export function numberBetween(bounds: Bounds): Expression {
  const { min, max, aboveMin, belowMax } = bounds
  if (min === -Infinity && max === Infinity) return anyNumber
  const upper: Limit | undefined = max === Infinity ? undefined : { value: Math.abs(max), open: belowMax }
  const lower: Limit | undefined = min === -Infinity ? undefined : { value: Math.abs(min), open: aboveMin }
  const aboveZero = { value: 0, open: true }
  const negative = min < 0 ? sequence(text('-'), decimal(max < 0 ? upper : aboveZero, lower)) : never
  const positive = max >= 0 ? decimal(min > 0 ? lower : { value: 0, open: min === 0 && aboveMin }, upper) : never
  return choice(negative, positive)
}

interface Limit {
  readonly value: number
  readonly open: boolean
}

/** From `least` to `most`, neither negative nor above `largest`. */
function whole(least: number, most: number): Expression {
  if (least > most) return never
  const [low, high] = [String(least), String(most)]
  const items: Expression[] = []
  for (let length = low.length; length <= high.length; length++) {
    const from = length === low.length ? low : `1${'0'.repeat(length - 1)}`
    const to = length === high.length ? high : '9'.repeat(length)
    items.push(sameLength(from, to))
  }
  return choice(...items)
}

/** Digits from `low` to `high`, as many as both have. */
function sameLength(low: string, high: string): Expression {
  const rest = low.length - 1
  if (rest < 0) return empty
  const [a, b] = [low.charCodeAt(0), high.charCodeAt(0)]
  if (a === b) return sequence(text(low[0]!), sameLength(low.slice(1), high.slice(1)))
  const lowest = /^0*$/.test(low.slice(1))
  const highest = /^9*$/.test(high.slice(1))
  const between: Range = [lowest ? a : a + 1, highest ? b : b - 1]
  return choice(
    lowest ? never : sequence(text(low[0]!), sameLength(low.slice(1), '9'.repeat(rest))),
    between[0] <= between[1] ? sequence(oneOf([between]), digits(rest, rest)) : never,
    highest ? never : sequence(text(high[0]!), sameLength('0'.repeat(rest), high.slice(1))),
  )
}

/**
 * Decimals between two limits that are not negative. They have as many digits in all as a double tells apart, so that
 * what is written beside a limit is still on its side of it once it has been parsed.
 */
function decimal(from: Limit | undefined, to: Limit | undefined): Expression {
  const low = from ? digitsOf(from.value) : { whole: '0', fraction: '' }
  if (Number(low.whole) > largest) return never
  const high = to && to.value <= largest ? digitsOf(to.value) : undefined
  const longest = Math.max(low.whole.length, high?.whole.length ?? 1)
  const places = Math.max(wholeDigits - longest, low.fraction.length, high?.fraction.length ?? 0)
  const [least, most] = [Number(low.whole), high ? Number(high.whole) : largest + 1]
  const above = { digits: low.fraction, open: from?.open ?? false }
  const below = high ? { digits: high.fraction, open: to!.open } : undefined
  if (least === most) return sequence(text(low.whole), fraction(places, above, below))
  return choice(
    sequence(text(low.whole), fraction(places, above, undefined)),
    sequence(whole(least + 1, most - 1), fraction(places, undefined, undefined)),
    high && below ? sequence(text(high.whole), fraction(places, undefined, below)) : never,
  )
}

interface FractionLimit {
  readonly digits: string
  readonly open: boolean
}

/** Nothing, or a point and digits: between the limits. */
function fraction(places: number, above: FractionLimit | undefined, below: FractionLimit | undefined): Expression {
  if (!above && !below) return places > 0 ? optional(sequence(text('.'), digits(1, places))) : empty
  return choice(
    mayEnd(0, above, below) ? empty : never,
    places > 0 ? sequence(text('.'), fractionFrom(0, places, above, below)) : never,
  )
}

/** The digits of a fraction from the one at `at`, one or more. A limit that has been left behind is `undefined`. */
function fractionFrom(
  at: number,
  places: number,
  above: FractionLimit | undefined,
  below: FractionLimit | undefined,
): Expression {
  const rest = places - at - 1
  const low = above ? Number(above.digits[at] ?? 0) : -1
  const high = below ? Number(below.digits[at] ?? 0) : 10
  const after = (above: FractionLimit | undefined, below: FractionLimit | undefined) =>
    choice(mayEnd(at + 1, above, below) ? empty : never, rest > 0 ? fractionFrom(at + 1, places, above, below) : never)
  const ways: Expression[] = []
  if (low + 1 <= high - 1) {
    ways.push(sequence(oneOf([[0x30 + low + 1, 0x30 + high - 1]]), rest > 0 ? digits(0, rest) : empty))
  }
  if (low === high) ways.push(sequence(text(String(low)), after(above, below)))
  else if (low < high) {
    if (above) ways.push(sequence(text(String(low)), after(above, undefined)))
    if (below) ways.push(sequence(text(String(high)), after(undefined, below)))
  }
  return choice(...ways)
}

/** Whether the digits before `at`, all as in the limits that are left, are a number between them. */
function mayEnd(at: number, above: FractionLimit | undefined, below: FractionLimit | undefined): boolean {
  const nothingLeft = (limit: FractionLimit) => /^0*$/.test(limit.digits.slice(at))
  if (above && (above.open || !nothingLeft(above))) return false
  return !(below && below.open && nothingLeft(below))
}

function digitsOf(value: number): { whole: string; fraction: string } {
  const [digits = '', exponent = '0'] = String(value).split('e')
  const [before = '', after = ''] = digits.split('.')
  const shift = Number(exponent)
  if (shift >= 0) {
    const all = after.padEnd(shift, '0')
    return { whole: before + all.slice(0, shift), fraction: all.slice(shift) }
  }
  const all = before.padStart(1 - shift, '0')
  return { whole: all.slice(0, shift) || '0', fraction: all.slice(shift) + after }
}
