export { confidenceLength } from './confidence.js'
export { fixedLength } from './fixed.js'
export type { LengthControl, LengthPolicy } from './policy.js'
