import { createHash } from 'node:crypto'
import { kinds, type Vocabulary } from './vocabulary.js'

/** The types of array elements in GGUF files. */
const int32 = 5
const string = 8

/**
 * The hash of a vocabulary: the same as that of the GGUF file with the same tokens, so that models of both forms can tell
 * that they have one vocabulary. It goes over the texts and over the kinds, each as GGUF files hold them, up to the last that
 * is no padding.
 */
export function fingerprintOf(vocabulary: Vocabulary): string {
  let texts = vocabulary.size
  while (texts > 0 && vocabulary.written(texts - 1) === `[PAD${texts - 1}]`) texts--
  const ofTexts = createHash('sha256').update(`${string}:`)
  for (let token = 0; token < texts; token++) {
    const text = vocabulary.written(token)
    ofTexts.update(`${Buffer.byteLength(text)}:${text}`)
  }
  let used = vocabulary.size
  while (used > 0 && vocabulary.kindOf(used - 1) === kinds.unused) used--
  const ofKinds = Int32Array.from({ length: used }, (_, token) => vocabulary.kindOf(token))
  const digests = [
    ofTexts.update(`:${texts}`),
    createHash('sha256').update(`${int32}:`).update(ofKinds).update(`:${used}`),
  ].map((hash) => hash.digest())
  return createHash('sha256').update(digests[0]!).update(digests[1]!).digest('hex').slice(0, 16)
}
