import { bestLength, passCurve, tokensPerPass } from './curves.js'
import { measured } from './measured.js'
import { round } from './round.js'

/** The drawings of `docs/images`, by their names. */
export function drawings(): Record<string, string> {
  const data = measured()
  return {
    'pass-curve.svg': passCurve(data),
    'round.svg': round(),
    'tokens-per-pass.svg': tokensPerPass(),
    'best-length.svg': bestLength(data),
  }
}
