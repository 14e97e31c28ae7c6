import { measuredSpeedup } from '@foretoken/core'

/** The longest draft that is thought about. */
export const longest = 12

/**
 * The draft length that promises most on this machine: how fast it gets with each, from measured times.
 *
 * @param options.alpha The probability that a drafted token is accepted.
 * @param options.pass T(n), in milliseconds.
 * @returns At least 1: the demo is there to show drafting, even where it does not pay.
 */
export function bestLength(options: {
  readonly alpha: number
  readonly draftStepMs: number
  readonly pass: (tokens: number) => number
}): number {
  const { alpha, draftStepMs: draftStep, pass } = options
  const gain = (gamma: number): number => measuredSpeedup({ alpha, gamma, draftStep, pass })
  let best = 1
  for (let gamma = 2; gamma <= longest; gamma++) if (gain(gamma) > gain(best)) best = gamma
  return best
}

/** Acceptance estimated from few tokens: as if four more had been judged, three of them accepted. */
export function cautiousAlpha({ accepted, corrected }: { accepted: number; corrected: number }): number {
  return (accepted + 3) / (accepted + corrected + 4)
}
