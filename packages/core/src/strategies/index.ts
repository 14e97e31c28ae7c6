export { forcedTokens } from './forced.js'
export { draftModel, type DraftModelOptions } from './draft-model.js'
export { promptLookup } from './prompt-lookup.js'
