import type { Engine, EngineRequest } from '../engine/engine.js'
import type { Outcome } from './say.js'

/**
 * What a choice took, as the field `foretoken` of its last chunk, or of the choice: always there, as llama-server's
 * `timings` are. Figures that are not known are `null`.
 */
export function statsOf({ result }: Outcome, request: EngineRequest, engine: Engine): object {
  if (!result) return {}
  const { stats, seed, verifier } = result
  return {
    foretoken: {
      stats: {
        strategy: strategyOf(request, engine),
        verifier,
        seed,
        tokens: stats.tokens,
        passes: stats.passes,
        drafted: stats.drafted,
        accepted: stats.accepted,
        alpha: stats.alpha,
        tau: stats.tau,
        acceptedPerRound: stats.acceptedPerRound,
        prefillMs: stats.prefillMs,
        decodeMs: stats.decodeMs,
        tokensPerSecond: stats.tokensPerSecond,
        estimatedSpeedup: stats.speedup,
      },
    },
  }
}

function strategyOf({ speculative }: EngineRequest, { strategies }: Engine): string {
  return speculative?.enabled === false ? 'none' : (speculative?.strategy ?? strategies[0] ?? 'none')
}
