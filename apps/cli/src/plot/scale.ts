/** The end of an axis that holds `value`: 1, 1.5, 2, 2.5, 3, 4, 5, 8 times a power of ten, with room for a label above. */
export function niceCeiling(value: number): number {
  const wanted = value > 0 ? value * 1.08 : 1
  const power = 10 ** Math.floor(Math.log10(wanted))
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 8, 10].find((candidate) => candidate * power >= wanted)!
  return Number((step * power).toPrecision(3))
}

/** Evenly spaced values from 0 to `top`, four to six of them. */
export function ticks(top: number): number[] {
  const parts = [4, 5, 6, 3].find((count) => isRound(top / count)) ?? 4
  return Array.from({ length: parts + 1 }, (_, i) => Number(((top * i) / parts).toPrecision(6)))
}

function isRound(step: number): boolean {
  const mantissa = step / 10 ** Math.floor(Math.log10(step))
  return [1, 2, 2.5, 5].some((nice) => Math.abs(mantissa - nice) < 1e-9)
}
