import { fileURLToPath } from 'node:url'

export { type WritableType } from '@foretoken/gguf'
export { cacheDirectory, ensureInflated, type EnsureInflatedOptions } from './inflate/cache.js'
export { type Inflated, inflate, type InflateOptions, type InflateProgress } from './inflate/inflate.js'
export { inflationNote } from './inflate/label.js'
export { draftShapes, estimateSize, type Shape, type ShapeName, shapes } from './inflate/shapes.js'
export { type Prompt, type PromptKind, promptKinds, prompts } from './prompts.js'

const model = (name: string): string => fileURLToPath(new URL(`../models/${name}`, import.meta.url))

/** Path of the target: a small llama model trained on code, in F16. */
export const target: string = model('target-F16.gguf')
/** Path of the draft: a smaller one distilled from the target, in Q4_0. */
export const draft: string = model('draft-Q4_0.gguf')
/** Folder of the same target in ONNX, in half precision, laid out like those of the Hugging Face Hub. */
export const targetOnnx: string = model('onnx/target')
/** Folder of the same draft in ONNX: the weights of the GGUF file, in 4 bits. */
export const draftOnnx: string = model('onnx/draft')
/** Path of their common tokenizer, in the Hugging Face form. */
export const tokenizer: string = model('tokenizer.json')
