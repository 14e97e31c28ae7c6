export { confidenceLength } from './confidence.js'
export { fixedLength } from './fixed.js'
export type { LengthControl, LengthInit, LengthPolicy } from './policy.js'
