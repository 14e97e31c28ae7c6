import type { SamplingOptions, TokenId } from '@foretoken/core'
import koffi from 'koffi'
import { mappedLibraries, pickLibraries } from '../ffi/library.js'
import { notNull } from '../ffi/structs.js'
import type { Pointer } from '../ffi/structs.js'
import type { Runtime } from '../runtime.js'

export type ChainStep = NonNullable<SamplingOptions['order']>[number]

/** The order that llama.cpp's programs use unless told otherwise, logit bias first. */
export const llamaOrder = [
  'bias',
  'penalties',
  'dry',
  'topK',
  'typicalP',
  'topP',
  'minP',
  'xtc',
  'temperature',
] as const satisfies readonly ChainStep[]

/** What the samplers are to work on. */
export interface Candidates {
  readonly logits: Float32Array
  /** Their tokens. Default: 0, 1, 2 … */
  readonly ids?: Int32Array
  /** Oldest first: what penalties and DRY look at. */
  readonly history?: readonly TokenId[]
}

/** What llama.cpp leaves of a row. */
export interface Remains {
  /** In the order in which they were left. */
  readonly ids: Int32Array
  /** 32 bits wide, as llama.cpp keeps them. */
  readonly logits: Float32Array
  /** The token that a sampler has chosen, if one has. */
  readonly selected: TokenId | undefined
}

type Sampler = Pointer
type Create<Args extends unknown[]> = (...args: Args) => Sampler | null

interface SamplerCalls {
  llama_sampler_init_greedy: Create<[]>
  llama_sampler_init_temp: Create<[temperature: number]>
  llama_sampler_init_top_k: Create<[k: number]>
  llama_sampler_init_top_p: Create<[p: number, minKeep: number]>
  llama_sampler_init_min_p: Create<[p: number, minKeep: number]>
  llama_sampler_init_typical: Create<[p: number, minKeep: number]>
  llama_sampler_init_xtc: Create<[p: number, threshold: number, minKeep: number, seed: number]>
  llama_sampler_init_penalties: Create<
    [vocabSize: number, window: number, repetition: number, frequency: number, presence: number]
  >
  llama_sampler_init_dry: Create<
    [
      vocab: Pointer | null,
      multiplier: number,
      base: number,
      allowedLength: number,
      window: number,
      breakers: string[] | null,
      breakerCount: number,
    ]
  >
  llama_sampler_init_logit_bias: Create<[vocabSize: number, count: number, biases: { token: number; bias: number }[]]>
  llama_sampler_accept: (sampler: Sampler, token: number) => void
  llama_sampler_apply: (sampler: Sampler, candidates: Pointer) => void
  llama_sampler_free: (sampler: Sampler) => void
}

const logitBiases = koffi.pointer(koffi.struct({ token: 'int32_t', bias: 'float' }))

/** `llama_token_data`: id, logit, p, of 32 bits each. */
const candidateSize = 12

/** llama.cpp's own samplers, from the library that is loaded. For tests. */
export class LlamaSamplers {
  private readonly calls: SamplerCalls
  private readonly vocab: Pointer | null
  private readonly capacity: number
  private readonly data: Pointer
  private readonly array: Pointer
  private readonly arrayView: DataView
  private readonly ids: Int32Array
  private readonly values: Float32Array

  /**
   * @param vocab The vocabulary that DRY's sequence breakers are looked for in; without one there can be none.
   * @param capacity Candidates, at most.
   */
  constructor(runtime: Runtime, vocab: Pointer | null, capacity: number) {
    const files = pickLibraries(mappedLibraries(), runtime.gpu, runtime.release)
    if (files === undefined) throw new Error('llama.cpp is not among the libraries that are loaded.')
    this.calls = bind(files.llama)
    this.vocab = vocab
    this.capacity = capacity
    this.data = koffi.alloc('uint8_t', capacity * candidateSize) as Pointer
    const bytes = koffi.view(this.data, capacity * candidateSize)
    this.ids = new Int32Array(bytes)
    this.values = new Float32Array(bytes)
    // `llama_token_data_array`: data, size, selected, sorted.
    this.array = koffi.alloc('uint8_t', 32) as Pointer
    this.arrayView = new DataView(koffi.view(this.array, 32))
  }

  /** Takes the steps in their order (llama.cpp's, if there is none). */
  apply(options: SamplingOptions, candidates: Candidates): Remains {
    const { order = llamaOrder } = options
    return this.run(
      order.map((step) => this.create(step, options, candidates)),
      candidates,
    )
  }

  /** What llama.cpp says at temperature 0: the steps that change logits, then its greedy sampler. */
  greedy(options: SamplingOptions, candidates: Candidates): TokenId {
    const changing = (['bias', 'penalties', 'dry'] as const).map((step) => this.create(step, options, candidates))
    return this.run([...changing, this.calls.llama_sampler_init_greedy()], candidates).selected!
  }

  free(): void {
    koffi.free(this.data)
    koffi.free(this.array)
  }

  private run(samplers: readonly (Sampler | null)[], candidates: Candidates): Remains {
    const { history = [] } = candidates
    this.fill(candidates)
    for (const sampler of samplers) {
      const pointer = notNull(sampler, 'llama.cpp made no sampler.')
      for (const token of history) this.calls.llama_sampler_accept(pointer, token)
      this.calls.llama_sampler_apply(pointer, this.array)
      this.calls.llama_sampler_free(pointer)
    }
    return this.read()
  }

  /** A step that is off is a sampler that does nothing. */
  private create(step: ChainStep, options: SamplingOptions, { logits, history = [] }: Candidates): Sampler | null {
    const { calls } = this
    // llama.cpp's rings have a fixed size: all of the history is a window of its length.
    const within = (window = Infinity): number => Math.min(window, Math.max(1, history.length))
    switch (step) {
      case 'bias': {
        const biases = Object.entries(options.logitBias ?? {}).map(([token, bias]) => ({ token: Number(token), bias }))
        return calls.llama_sampler_init_logit_bias(logits.length, biases.length, biases)
      }
      case 'penalties':
        return calls.llama_sampler_init_penalties(
          logits.length,
          within(options.penaltyWindow),
          options.repetitionPenalty ?? 1,
          options.frequencyPenalty ?? 0,
          options.presencePenalty ?? 0,
        )
      case 'dry': {
        const breakers = options.drySequenceBreakers ?? ['\n', ':', '"', '*']
        if (breakers.length > 0 && this.vocab === null && options.dryMultiplier) {
          throw new Error('Sequence breakers need a vocabulary.')
        }
        return calls.llama_sampler_init_dry(
          this.vocab,
          options.dryMultiplier ?? 0,
          options.dryBase ?? 1.75,
          options.dryAllowedLength ?? 2,
          within(options.dryWindow),
          [...breakers],
          breakers.length,
        )
      }
      case 'temperature':
        return calls.llama_sampler_init_temp(options.temperature ?? 1)
      case 'topK':
        return calls.llama_sampler_init_top_k(options.topK ?? 0)
      case 'typicalP':
        return calls.llama_sampler_init_typical(options.typicalP ?? 1, 0)
      case 'topP':
        return calls.llama_sampler_init_top_p(options.topP ?? 1, 0)
      case 'minP':
        return calls.llama_sampler_init_min_p(options.minP ?? 0, 0)
      case 'xtc':
        return calls.llama_sampler_init_xtc(options.xtcProbability ?? 0, options.xtcThreshold ?? 0.1, 0, 1)
    }
  }

  private fill({ logits, ids }: Candidates): void {
    if (logits.length > this.capacity) throw new Error(`Room for ${this.capacity} candidates only.`)
    for (let index = 0; index < logits.length; index++) {
      this.ids[3 * index] = ids ? ids[index]! : index
      this.values[3 * index + 1] = logits[index]!
      this.values[3 * index + 2] = 0
    }
    this.arrayView.setBigUint64(0, this.data, true)
    this.arrayView.setBigUint64(8, BigInt(logits.length), true)
    this.arrayView.setBigInt64(16, -1n, true)
    this.arrayView.setUint8(24, 0)
  }

  private read(): Remains {
    // A sampler may have moved the start of the candidates, within the same memory.
    const start = Number(this.arrayView.getBigUint64(0, true) - this.data) / candidateSize
    const size = Number(this.arrayView.getBigUint64(8, true))
    const selected = Number(this.arrayView.getBigInt64(16, true))
    const ids = new Int32Array(size)
    const logits = new Float32Array(size)
    for (let index = 0; index < size; index++) {
      ids[index] = this.ids[3 * (start + index)]!
      logits[index] = this.values[3 * (start + index) + 1]!
    }
    return { ids, logits, selected: ids[selected] }
  }
}

function bind(path: string): SamplerCalls {
  const llama = koffi.load(path)
  const create = (name: string, ...parameters: (string | typeof logitBiases)[]) =>
    llama.func(name, 'void *', parameters)
  const calls: Record<keyof SamplerCalls, unknown> = {
    llama_sampler_init_greedy: create('llama_sampler_init_greedy'),
    llama_sampler_init_temp: create('llama_sampler_init_temp', 'float'),
    llama_sampler_init_top_k: create('llama_sampler_init_top_k', 'int32_t'),
    llama_sampler_init_top_p: create('llama_sampler_init_top_p', 'float', 'size_t'),
    llama_sampler_init_min_p: create('llama_sampler_init_min_p', 'float', 'size_t'),
    llama_sampler_init_typical: create('llama_sampler_init_typical', 'float', 'size_t'),
    llama_sampler_init_xtc: create('llama_sampler_init_xtc', 'float', 'float', 'size_t', 'uint32_t'),
    llama_sampler_init_penalties: create(
      'llama_sampler_init_penalties',
      'int32_t',
      'int32_t',
      'float',
      'float',
      'float',
    ),
    llama_sampler_init_dry: create(
      'llama_sampler_init_dry',
      'void *',
      'float',
      'float',
      'int32_t',
      'int32_t',
      'str *',
      'size_t',
    ),
    llama_sampler_init_logit_bias: create('llama_sampler_init_logit_bias', 'int32_t', 'int32_t', logitBiases),
    llama_sampler_accept: llama.func('llama_sampler_accept', 'void', ['void *', 'int32_t']),
    llama_sampler_apply: llama.func('llama_sampler_apply', 'void', ['void *', 'void *']),
    llama_sampler_free: llama.func('llama_sampler_free', 'void', ['void *']),
  }
  return calls as SamplerCalls
}
