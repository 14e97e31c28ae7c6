import type { Outcome } from './say.js'

/** @param prompts The outcomes by prompt: the choices of one prompt read it once. */
export function usageOf(prompts: readonly (readonly Outcome[])[]) {
  const all = prompts.flat()
  const promptTokens = sum(prompts.map((choices) => choices[0]!.promptTokens))
  const completionTokens = sum(all.map(({ tokens }) => tokens))
  const predicted = all.flatMap(({ result }) => result?.stats.length?.drafters.prediction ?? [])
  const accepted = sum(predicted.map((share) => share.accepted))
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: sum(prompts.map(cachedOf)) },
    completion_tokens_details: {
      accepted_prediction_tokens: accepted,
      rejected_prediction_tokens: sum(predicted.map(({ drafted }) => drafted)) - accepted,
    },
  }
}

export type Usage = ReturnType<typeof usageOf>

/** What was there before any of the choices began. */
function cachedOf(choices: readonly Outcome[]): number {
  return Math.min(...choices.map(({ result }) => result?.stats.cachedTokens ?? 0))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
