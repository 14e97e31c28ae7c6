import { ForetokenError } from '../errors.js'
import type { TokenId } from '../model.js'
import type { DraftStrategy } from '../strategy.js'
import { asWanted } from './as-wanted.js'

/**
 * Copies what followed the last time the latest tokens occurred: no model, next to no time, and a large gain wherever
 * the output repeats the input (edits, extraction, code).
 *
 * @param options.longest The longest run of tokens to look for; the longest that occurs wins. Default 4.
 * @param options.shortest The shortest run worth following. Default 2.
 */
export function promptLookup(options: { longest?: number; shortest?: number } = {}): DraftStrategy {
  const { longest = 4, shortest = 2 } = options
  if (!Number.isInteger(shortest) || !Number.isInteger(longest) || shortest < 1 || longest < shortest) {
    throw new ForetokenError(
      'invalid-argument',
      `Runs of ${shortest} to ${longest} tokens: whole numbers, 1 or more, please.`,
    )
  }
  return {
    name: 'prompt-lookup',
    open: () => ({
      propose(context, request) {
        const start = findContinuation(context, longest, shortest)
        const tokens = start < 0 ? [] : context.slice(start, start + request.maxTokens)
        // A copied token is certain, as far as the draft knows.
        return asWanted(tokens, request, () => 1)
      },
    }),
  }
}

/** Where the text goes on after the latest earlier occurrence of its last tokens; -1 if they are new. */
function findContinuation(context: readonly TokenId[], longest: number, shortest: number): number {
  const end = context.length
  let best = -1
  let bestRun = shortest - 1
  // The latest occurrence of the longest run: one walk backwards, each place extended to the left as far as it matches.
  for (let place = end - 2; place >= 0 && bestRun < longest; place--) {
    let run = 0
    while (run < longest && place - run >= 0 && context[place - run] === context[end - 1 - run]) run++
    if (run > bestRun) {
      bestRun = run
      best = place + 1
    }
  }
  return best
}
