import type { TokenId } from '@foretoken/core'
import koffi from 'koffi'
import { mappedLibraries, pickLibraries } from '../ffi/library.js'
import type { Pointer } from '../ffi/structs.js'
import type { Runtime } from '../runtime.js'

interface GrammarCalls {
  llama_sampler_init_grammar: (vocab: Pointer, grammar: string, root: string) => Pointer | null
  llama_sampler_clone: (sampler: Pointer) => Pointer
  llama_sampler_accept: (sampler: Pointer, token: number) => void
  llama_sampler_apply: (sampler: Pointer, candidates: Pointer) => void
  llama_sampler_free: (sampler: Pointer) => void
}

/** `llama_token_data`: id, logit, p, of 32 bits each. */
const candidateSize = 12

/** llama.cpp's own grammar sampler, from the library that is loaded. For tests. */
export class LlamaGrammars {
  readonly vocabSize: number
  private readonly calls: GrammarCalls
  private readonly vocab: Pointer
  private readonly data: Pointer
  private readonly array: Pointer
  private readonly arrayView: DataView
  private readonly ids: Int32Array
  private readonly logits: Float32Array

  constructor(runtime: Runtime, vocab: Pointer, vocabSize: number) {
    const files = pickLibraries(mappedLibraries(), runtime.gpu, runtime.release)
    if (files === undefined) throw new Error('llama.cpp is not among the libraries that are loaded.')
    this.calls = bind(files.llama)
    this.vocab = vocab
    this.vocabSize = vocabSize
    this.data = koffi.alloc('uint8_t', vocabSize * candidateSize) as Pointer
    const bytes = koffi.view(this.data, vocabSize * candidateSize)
    this.ids = new Int32Array(bytes)
    this.logits = new Float32Array(bytes)
    // `llama_token_data_array`: data, size, selected, sorted.
    this.array = koffi.alloc('uint8_t', 32) as Pointer
    this.arrayView = new DataView(koffi.view(this.array, 32))
  }

  /** Begins a text. @returns `undefined` when llama.cpp refuses the grammar; why, it prints. */
  open(grammar: string): LlamaText | undefined {
    const sampler = this.calls.llama_sampler_init_grammar(this.vocab, grammar, 'root')
    return sampler === null ? undefined : new LlamaText(this, sampler)
  }

  /** For each of the tokens, 1 if it may come. Default: all of the vocabulary. */
  mask(sampler: Pointer, tokens?: readonly TokenId[]): Uint8Array {
    const size = tokens?.length ?? this.vocabSize
    this.fill(size, tokens)
    this.apply(sampler)
    const mask = new Uint8Array(size)
    for (let index = 0; index < size; index++) mask[index] = this.logits[3 * index + 1] === 0 ? 1 : 0
    return mask
  }

  /** What is measured, without what we make of it. */
  apply(sampler: Pointer): void {
    this.calls.llama_sampler_apply(sampler, this.array)
  }

  fill(size: number, tokens?: readonly TokenId[]): void {
    for (let index = 0; index < size; index++) {
      this.ids[3 * index] = tokens ? tokens[index]! : index
      this.logits[3 * index + 1] = 0
      this.logits[3 * index + 2] = 0
    }
    this.arrayView.setBigUint64(0, this.data, true)
    this.arrayView.setBigUint64(8, BigInt(size), true)
    this.arrayView.setBigInt64(16, -1n, true)
    this.arrayView.setUint8(24, 0)
  }

  accept(sampler: Pointer, token: TokenId): void {
    this.calls.llama_sampler_accept(sampler, token)
  }

  clone(sampler: Pointer): Pointer {
    return this.calls.llama_sampler_clone(sampler)
  }

  close(sampler: Pointer): void {
    this.calls.llama_sampler_free(sampler)
  }

  free(): void {
    koffi.free(this.data)
    koffi.free(this.array)
  }
}

/** One text on its way through llama.cpp's sampler, which cannot go back. */
export class LlamaText {
  readonly sampler: Pointer
  private readonly grammars: LlamaGrammars

  constructor(grammars: LlamaGrammars, sampler: Pointer) {
    this.grammars = grammars
    this.sampler = sampler
  }

  mask(tokens?: readonly TokenId[]): Uint8Array {
    return this.grammars.mask(this.sampler, tokens)
  }

  allows(token: TokenId): boolean {
    return this.mask([token])[0] === 1
  }

  /** It must be allowed, unless it ends inside its first character: with any other, llama.cpp ends the process. */
  accept(token: TokenId): void {
    this.grammars.accept(this.sampler, token)
  }

  clone(): LlamaText {
    return new LlamaText(this.grammars, this.grammars.clone(this.sampler))
  }

  free(): void {
    this.grammars.close(this.sampler)
  }
}

function bind(path: string): GrammarCalls {
  const llama = koffi.load(path)
  const calls: Record<keyof GrammarCalls, unknown> = {
    llama_sampler_init_grammar: llama.func('llama_sampler_init_grammar', 'void *', ['void *', 'str', 'str']),
    llama_sampler_clone: llama.func('llama_sampler_clone', 'void *', ['void *']),
    llama_sampler_accept: llama.func('llama_sampler_accept', 'void', ['void *', 'int32_t']),
    llama_sampler_apply: llama.func('llama_sampler_apply', 'void', ['void *', 'void *']),
    llama_sampler_free: llama.func('llama_sampler_free', 'void', ['void *']),
  }
  return calls as GrammarCalls
}
