import { block } from './block.js'
import { greedy } from './greedy.js'
import { lossyThreshold, lossyTypical } from './lossy.js'
import { coupled, match } from './match.js'
import { rejection } from './rejection.js'
import type { Verifier } from './verifier.js'

export { block, coupled, greedy, lossyThreshold, lossyTypical, match, rejection }
export type { Judgement, Verifier } from './verifier.js'

/** The verifiers by name. */
export const verifiers = {
  greedy,
  rejection,
  block,
  coupled,
  match,
  'lossy-typical': lossyTypical(),
  'lossy-threshold': lossyThreshold(),
} satisfies Record<string, Verifier>

export type VerifierName = keyof typeof verifiers
