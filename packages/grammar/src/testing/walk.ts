import type { Constraint, TokenId } from '@foretoken/core'
import type { VocabularySource } from '../index.js'
import { pick } from './random.js'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The tokens of a mask. */
export function allowed(mask: Int32Array, vocabSize: number): TokenId[] {
  const tokens: TokenId[] = []
  for (let token = 0; token < vocabSize; token++) if ((mask[token >> 5]! >>> (token & 31)) & 1) tokens.push(token)
  return tokens
}

/**
 * A text out of random allowed tokens. After `patience` tokens it ends where it can, and closes what is open.
 *
 * @throws When nothing is allowed, when the text does not end, and when it is not UTF-8.
 */
export function randomText(
  constraint: Constraint,
  vocabulary: VocabularySource,
  random: () => number,
  { patience = 40, closers = jsonClosers }: { patience?: number; closers?: readonly string[] } = {},
): string {
  const matcher = constraint.open()
  const bytes: number[] = []
  for (let count = 0; count < 20_000; count++) {
    const choices = allowed(matcher.mask(), vocabulary.vocabSize)
    if (choices.length === 0) throw new Error(`Nothing may follow ${JSON.stringify(lossy(bytes))}.`)
    const late = count >= patience
    const end = choices.find((token) => vocabulary.isEnd(token))
    const wanted = late
      ? (end ?? (random() < 0.6 ? closing(choices, vocabulary, closers, random) : undefined))
      : undefined
    // Most tokens of a string are letters; what ends it should come up, too.
    const short = choices.filter((token) => vocabulary.isEnd(token) || vocabulary.bytes!(token).length === 1)
    const token = wanted ?? pick(random() < 0.3 && short.length > 0 ? short : choices, random)
    if (!matcher.accept(token)) throw new Error(`The mask allows ${token}, and the matcher does not.`)
    if (vocabulary.isEnd(token)) return utf8.decode(Uint8Array.from(bytes))
    bytes.push(...vocabulary.bytes!(token))
  }
  throw new Error(`No end: ${lossy(bytes).slice(0, 200)}…`)
}

/** What ends JSON, the first that can come. Others are drawn from. */
const jsonClosers = ['"', '}', ']', ')']

function closing(
  choices: readonly TokenId[],
  vocabulary: VocabularySource,
  closers: readonly string[],
  random: () => number,
): TokenId | undefined {
  const found = closers.flatMap((close) =>
    choices.filter((token) => new TextDecoder().decode(vocabulary.bytes!(token)) === close),
  )
  return closers === jsonClosers ? found[0] : pick(found, random)
}

function lossy(bytes: readonly number[]): string {
  return new TextDecoder().decode(Uint8Array.from(bytes))
}

/** Whether a text is allowed, from its first byte to its end. Needs a vocabulary with every byte at `byte + 2`. */
export function accepts(constraint: Constraint, text: string): boolean {
  const matcher = constraint.open()
  return new TextEncoder().encode(text).every((byte) => matcher.accept(byte + 2)) && matcher.allows(0)
}
