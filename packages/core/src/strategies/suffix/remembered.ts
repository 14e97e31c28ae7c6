import type { LanguageModel, TokenId } from '../../model.js'
import { SuffixMemory } from './memory.js'
import { Pause } from './pause.js'
import { decodeTexts, encodeTexts, type SuffixStore } from './store.js'

/** A memory for one vocabulary, kept in a store if there is one. */
export class Remembered {
  private readonly memory: SuffixMemory
  private writing: Promise<void> = Promise.resolve()

  private constructor(
    readonly fingerprint: string,
    maxTokens: number,
    private readonly store: SuffixStore | undefined,
  ) {
    this.memory = new SuffixMemory(maxTokens)
  }

  /** @throws `strategy`, `vocabulary-mismatch` */
  static async open(target: LanguageModel, maxTokens: number, store?: SuffixStore): Promise<Remembered> {
    const { fingerprint } = target.tokenizer
    const remembered = new Remembered(fingerprint, maxTokens, store)
    const bytes = await store?.read()
    if (!bytes) return remembered
    const pause = new Pause()
    for (const text of decodeTexts(bytes, fingerprint, target.vocabSize)) {
      remembered.memory.add(text)
      await pause.after(text.length)
    }
    return remembered
  }

  get sources(): SuffixMemory['sources'] {
    return this.memory.sources
  }

  /** @throws what the store throws, when it could not be written. It is remembered all the same. */
  async add(text: readonly TokenId[]): Promise<void> {
    if (text.length === 0) return
    const { store } = this
    this.memory.add(text)
    if (!store) return
    // One after the other, whether or not the one before went well.
    const write = (): Promise<void> => store.write(encodeTexts(this.memory.texts, this.fingerprint))
    this.writing = this.writing.then(write, write)
    await this.writing
  }
}
