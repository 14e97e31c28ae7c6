/*
 * What every backend needs and no user of one: for those who make another runtime look like a `LanguageModel`.
 */
export { type ChatTemplate, chatRenderer } from './chat.js'
export { allOpen, checkForward, checkLength, inUse } from './checks.js'
export { GuardedSequence } from './guarded-sequence.js'
