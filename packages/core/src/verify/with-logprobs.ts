import type { Tokenizer } from '../model.js'
import { tokenLogprobs } from '../sampling/logprobs.js'
import type { Verifier } from './verifier.js'

/** The same verifier, whose verdicts tell how probable each token was. It looks while the target's rows are still valid. */
export function withLogprobs(verifier: Verifier, count: number, tokenizer: Tokenizer): Verifier {
  const { name, greedyOnly, lossy } = verifier
  return {
    name,
    ...(greedyOnly !== undefined && { greedyOnly }),
    ...(lossy !== undefined && { lossy }),
    ...(verifier.chance && { chance: (seed) => verifier.chance!(seed) }),
    verify(draft, target, chance) {
      const verdict = verifier.verify(draft, target, chance)
      const said = [...draft.tokens.slice(0, verdict.accepted), verdict.next]
      const logprobs = said.map((token, row) =>
        tokenLogprobs(token, target.logits(row), target.distribution(row), count, tokenizer),
      )
      return { ...verdict, logprobs }
    },
  }
}
