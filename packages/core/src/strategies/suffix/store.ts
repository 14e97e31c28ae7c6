import { ForetokenError } from '../../errors.js'
import { crc32 } from './crc32.js'

/** Keeps what is remembered across processes: a file, a database entry. One strategy at a time may use it. */
export interface SuffixStore {
  /** What was written last; `undefined` when nothing ever was. */
  read(): Promise<Uint8Array | undefined>
  write(bytes: Uint8Array): Promise<void>
}

/*
 * 32-bit numbers, the least significant byte first: the magic ("FtSx"), the version, a CRC-32 of all that follows, the
 * length of the vocabulary's fingerprint in bytes, the number of texts; then the fingerprint in UTF-8, padded with 0 to
 * whole numbers; then each text: how many tokens it has, and its tokens.
 */
const magic = 0x78537446
const version = 1
const header = 5

export function encodeTexts(texts: readonly Int32Array[], fingerprint: string): Uint8Array {
  const name = new TextEncoder().encode(fingerprint)
  const nameWords = Math.ceil(name.length / 4)
  const words = texts.reduce((sum, { length }) => sum + 1 + length, header + nameWords)
  const bytes = new Uint8Array(words * 4)
  const view = new DataView(bytes.buffer)
  let at = 0
  const put = (value: number): void => {
    view.setUint32(at, value, true)
    at += 4
  }
  for (const value of [magic, version, 0, name.length, texts.length]) put(value)
  bytes.set(name, at)
  at += nameWords * 4
  for (const text of texts) {
    put(text.length)
    for (const token of text) put(token)
  }
  view.setUint32(8, crc32(bytes.subarray(12)), true)
  return bytes
}

/**
 * @throws `strategy` when these bytes are damaged or no store, `vocabulary-mismatch` when they are of another vocabulary
 * than `fingerprint`, of `vocabSize` tokens.
 */
export function decodeTexts(bytes: Uint8Array, fingerprint: string, vocabSize: number): Int32Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const word = (index: number): number => view.getUint32(index * 4, true)
  if (bytes.length < header * 4 || word(0) !== magic) throw refused('it does not begin as one')
  if (word(1) !== version) throw refused(`it is of version ${word(1)}, this program writes version ${version}`)
  if (bytes.length % 4 !== 0 || word(2) !== crc32(bytes.subarray(12))) {
    throw refused('it is damaged: its checksum is not that of its content')
  }
  const [nameLength, count, words] = [word(3), word(4), bytes.length / 4]
  const name = new TextDecoder().decode(bytes.subarray(header * 4, header * 4 + nameLength))
  if (name !== fingerprint) {
    throw new ForetokenError(
      'vocabulary-mismatch',
      `The store was written for another vocabulary (${name}) than the target's (${fingerprint}): use one for each.`,
    )
  }
  const texts: Int32Array[] = []
  let at = header + Math.ceil(nameLength / 4)
  while (texts.length < count && at < words && at + word(at) < words) {
    const text = Int32Array.from({ length: word(at) }, (_, i) => word(at + 1 + i))
    if (text.some((token) => token < 0 || token >= vocabSize)) throw refused('it holds what are no tokens')
    texts.push(text)
    at += 1 + text.length
  }
  if (texts.length < count || at !== words) throw refused('its texts are not as long as it says')
  return texts
}

function refused(why: string): ForetokenError {
  return new ForetokenError(
    'strategy',
    `What was remembered cannot be read: ${why}. Delete it to begin anew, or name another place.`,
  )
}
