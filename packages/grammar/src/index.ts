export { compileFormat } from './compile.js'
export type { VocabularySource } from './vocabulary/vocabulary.js'
