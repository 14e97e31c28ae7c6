import type { SamplingOptions } from '@foretoken/core'
import type { Numbers } from './rows.js'

/** Settings of each step, from the usual to the odd. */
export const settings = {
  bias: (numbers, size) => ({
    logitBias: Object.fromEntries(
      Array.from({ length: 1 + numbers.below(6) }, () => [
        numbers.below(size),
        numbers.uniform() < 0.2 ? -Infinity : numbers.between(-8, 8),
      ]),
    ),
  }),
  repetition: (numbers) => ({ repetitionPenalty: numbers.between(0.8, 1.8), penaltyWindow: window(numbers) }),
  presence: (numbers) => ({ presencePenalty: numbers.between(-2, 2), penaltyWindow: window(numbers) }),
  frequency: (numbers) => ({ frequencyPenalty: numbers.between(-2, 2), penaltyWindow: window(numbers) }),
  penalties: (numbers) => ({
    repetitionPenalty: numbers.between(0.8, 1.8),
    presencePenalty: numbers.between(-2, 2),
    frequencyPenalty: numbers.between(-2, 2),
    penaltyWindow: window(numbers),
  }),
  dry: (numbers) => ({
    dryMultiplier: numbers.between(0.05, 2),
    dryBase: numbers.pick([1, 1.05, 1.75, 3]),
    dryAllowedLength: 1 + numbers.below(5),
    dryWindow: window(numbers),
    drySequenceBreakers: [],
  }),
  temperature: (numbers) => ({ temperature: numbers.between(0.2, 2) }),
  topK: (numbers) => ({ topK: numbers.pick([1, 2, 10, 40, 128, 129, 500, 5000]) }),
  typicalP: (numbers) => ({ typicalP: numbers.between(0.02, 0.99) }),
  topP: (numbers) => ({ topP: numbers.between(0.02, 0.999) }),
  minP: (numbers) => ({ minP: numbers.uniform() ** 3 }),
  xtc: (numbers) => ({
    xtcProbability: numbers.pick([0, 1, 1, 1]),
    xtcThreshold: numbers.pick([0.0001, 0.001, 0.01, 0.1, 0.3, 0.5, 0.6]),
  }),
} as const satisfies Record<string, (numbers: Numbers, size: number) => SamplingOptions>

export type SettingName = keyof typeof settings

/** Several steps at a time. */
export function drawChain(numbers: Numbers, size: number): SamplingOptions {
  const chosen = [
    ...(numbers.uniform() < 0.5 ? [numbers.pick(['repetition', 'presence', 'frequency', 'penalties'] as const)] : []),
    ...(['bias', 'dry', 'temperature', 'topK', 'typicalP', 'topP', 'minP', 'xtc'] as const).filter(
      () => numbers.uniform() < 0.45,
    ),
  ]
  return Object.assign({}, ...chosen.map((name) => settings[name](numbers, size))) as SamplingOptions
}

function window(numbers: Numbers): number | undefined {
  return numbers.pick([undefined, 1, 64, 1 + numbers.below(300)])
}
