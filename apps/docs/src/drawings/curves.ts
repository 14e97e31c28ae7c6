import { expectedTokens, measuredSpeedup } from '../../../../packages/core/src/theory.js'
import { linePlot } from '../../../cli/src/plot/lines.js'
import { type Measured, provenance } from './measured.js'

const alphas = [0.5, 0.7, 0.8, 0.9, 0.95]
const lengths = Array.from({ length: 13 }, (_, gamma) => gamma)
const accepted = (alpha: number): string => `alpha ${alpha.toFixed(2)}`

/** What a pass over n tokens takes, beside n passes over one. */
export function passCurve(data: Measured): string {
  return linePlot({
    title: 'A pass over n tokens',
    axes: { x: 'n, tokens of a pass', y: 'T(n)/T(1): in passes over one token' },
    top: 8,
    lines: [
      ...data.models.map(({ size, passes }) => ({
        series: `one pass, ${size}`,
        points: passes.map(({ tokens, ms }) => ({ x: tokens, y: ms / passes[0]!.ms })),
      })),
      { series: 'n passes', points: Array.from({ length: 8 }, (_, i) => ({ x: i + 1, y: i + 1 })) },
    ],
    notes: [provenance(data)],
  })
}

/** tau over the draft length, by how often a token is accepted. */
export function tokensPerPass(): string {
  return linePlot({
    title: 'Tokens that one pass gives',
    axes: { x: 'gamma, tokens drafted', y: 'tau' },
    top: 10,
    lines: alphas.map((alpha) => ({
      series: accepted(alpha),
      points: lengths.map((gamma) => ({ x: gamma, y: expectedTokens(alpha, gamma) })),
    })),
    notes: ['Equation 1 of Leviathan et al., 2211.17192: each token is accepted with probability alpha.'],
  })
}

/** Why longer is not always better: what the times of this machine make of it. */
export function bestLength(data: Measured): string {
  const { size, passes, stepMs } = data.models[0]!
  const times = new Map(passes.map(({ tokens, ms }) => [tokens, ms]))
  const pass = (tokens: number): number => times.get(tokens) ?? NaN
  return linePlot({
    title: `Speed-up that ${size} allows`,
    axes: { x: 'gamma, tokens drafted', y: 'times as fast as plain' },
    lines: alphas.map((alpha) => ({
      series: accepted(alpha),
      points: lengths.map((gamma) => ({ x: gamma, y: measuredSpeedup({ alpha, gamma, draftStep: stepMs, pass }) })),
    })),
    notes: [
      `tau T(1) / (gamma t_draft + T(gamma + 1)) with the times of ${provenance({ ...data, models: [data.models[0]!] })}`,
    ],
  })
}
