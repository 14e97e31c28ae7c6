export { ForetokenError, type ErrorCode } from './errors.js'
export {
  generate,
  type FinishReason,
  type GenerateEvent,
  type GenerateOptions,
  type GenerateResult,
  type Generation,
  type TokenOrigin,
} from './generate.js'
export { kernels, type Kernels } from './kernels/index.js'
export { confidenceLength, fixedLength, type LengthControl, type LengthPolicy } from './length/index.js'
export type { GenerateStats } from './metrics.js'
export type {
  Capabilities,
  ChatMessage,
  LanguageModel,
  LogitsRows,
  Outputs,
  Sequence,
  TokenId,
  Tokenizer,
} from './model.js'
export { reconcile } from './reconcile.js'
export { createChance, type Chance } from './sampling/chance.js'
export { createSampler, type Sampler, type SamplingOptions } from './sampling/chain.js'
export { Distribution, type Weights } from './sampling/distribution.js'
export { speculate, type Round, type Speculation } from './speculate.js'
export { draftModel, promptLookup, type DraftModelOptions } from './strategies/index.js'
export type { Draft, Drafter, DrafterInit, DraftRequest, DraftStrategy, Verdict } from './strategy.js'
export { block, greedy, rejection, type Judgement, type Verifier } from './verify/index.js'
export {
  bestGamma,
  expectedTokens,
  matchAcceptance,
  measuredSpeedup,
  operationsFactor,
  rejectionAcceptance,
  speedup,
  type MeasuredCosts,
} from './theory.js'
