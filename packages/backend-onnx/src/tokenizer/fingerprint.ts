import { createHash } from 'node:crypto'
import type { Vocabulary } from './vocabulary.js'

/** The types of array elements in GGUF files. */
const int32 = 5
const string = 8

/**
 * The hash of a vocabulary: the same as that of the GGUF file with the same tokens, so that models of both forms can tell
 * that they have one vocabulary. It goes over the texts and over the kinds, each as GGUF files hold them.
 */
export function fingerprintOf(vocabulary: Vocabulary): string {
  const texts = createHash('sha256').update(`${string}:${vocabulary.size}:`)
  const kinds = new Int32Array(vocabulary.size)
  for (let token = 0; token < vocabulary.size; token++) {
    const text = vocabulary.written(token)
    texts.update(`${Buffer.byteLength(text)}:${text}`)
    kinds[token] = vocabulary.kindOf(token)
  }
  const types = createHash('sha256').update(`${int32}:${vocabulary.size}:`).update(kinds)
  return createHash('sha256').update(texts.digest()).update(types.digest()).digest('hex').slice(0, 16)
}
