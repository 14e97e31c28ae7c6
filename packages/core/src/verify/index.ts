export { block } from './block.js'
export { greedy } from './greedy.js'
export { rejection } from './rejection.js'
export type { Judgement, Verifier } from './verifier.js'
