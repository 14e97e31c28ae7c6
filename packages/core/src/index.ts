export type { Constraint, Matcher } from './constrain/constraint.js'
export type { FormatDescription, JsonSchema, ResponseFormat } from './constrain/format.js'
export { ConstraintTracker } from './constrain/tracker.js'
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
export type { DecisionKind, DrafterShare, LengthReport, LengthSpan } from './guard/report.js'
export { kernels, type Kernels } from './kernels/index.js'
export {
  automaticLength,
  confidenceLength,
  fixedLength,
  speculationOutlook,
  type LengthControl,
  type LengthInit,
  type LengthPolicy,
  type OutlookInput,
} from './length/index.js'
export type { GenerateStats } from './metrics.js'
export type {
  Capabilities,
  ChatMessage,
  LanguageModel,
  LogitsRows,
  Outputs,
  Pass,
  PassTime,
  RenderChat,
  Sequence,
  TokenId,
  Tokenizer,
  Tool,
  ToolCall,
} from './model.js'
export type { PromptEvent } from './read-prompt.js'
export { reconcile } from './reconcile.js'
export { checkRequest } from './request.js'
export { createChance, type Chance } from './sampling/chance.js'
export { createSampler, type Forced, type Sampler, type SamplerContext } from './sampling/chain.js'
export { coupledChance } from './sampling/coupled-chance.js'
export { Distribution, type Weights } from './sampling/distribution.js'
export type { Logprob, LogprobView, TokenLogprobs } from './sampling/logprobs.js'
export { defaultOrder, type ChainStep, type ResolvedOptions, type SamplingOptions } from './sampling/options.js'
export { speculate, type Round, type Speculation } from './speculate.js'
export {
  draftModel,
  extend,
  firstOf,
  forcedTokens,
  prediction,
  promptLookup,
  router,
  staticCorpus,
  suffixDecoding,
  tokenRecycling,
  whereThereIsRoom,
  type DraftModelOptions,
  type Prediction,
  type SuffixDecodingOptions,
  type SuffixStore,
} from './strategies/index.js'
export { together, type ModelInCompany, type SequenceInCompany } from './together.js'
export type { Draft, Drafter, DrafterInit, DraftRequest, DraftStrategy, Hindsight, Verdict } from './strategy.js'
export {
  block,
  coupled,
  greedy,
  lossyThreshold,
  lossyTypical,
  match,
  rejection,
  verifiers,
  type Judgement,
  type Verifier,
  type VerifierName,
} from './verify/index.js'
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
