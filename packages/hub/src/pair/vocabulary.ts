import { type GgufMetadata, numberOf, numbersOf, textOf, textsOf } from '@foretoken/gguf'

/** What of a model's tokenizer decides whether another model can draft for it. */
export interface Vocabulary {
  readonly tokens: readonly string[]
  /** The kind of each token, by llama.cpp's numbers; nothing where the file does not say. */
  readonly kinds: readonly number[] | undefined
  /** `gpt2`, `llama` */
  readonly model: string | undefined
  /** How text is split before: `qwen2`. */
  readonly split: string | undefined
  /** Tokens with a part of their own: `bos`, `eos`, `padding`. */
  readonly special: ReadonlyMap<string, number>
  /** Whether a text starts with the BOS token. */
  readonly addsBos: boolean | undefined
}

/** The vocabulary of a GGUF file. Nothing where it has none. */
export function vocabularyOf(metadata: GgufMetadata): Vocabulary | undefined {
  const key = (name: string): string => `tokenizer.ggml.${name}`
  const tokens = textsOf(metadata, key('tokens'))
  if (!tokens) return undefined
  const adds = metadata.get(key('add_bos_token'))
  const special = ['bos', 'eos', 'eot', 'unknown', 'padding'].flatMap((name): [string, number][] => {
    const id = numberOf(metadata, key(`${name}_token_id`))
    return id === undefined ? [] : [[name, id]]
  })
  return {
    tokens,
    kinds: numbersOf(metadata, key('token_type')),
    model: textOf(metadata, key('model')),
    split: textOf(metadata, key('pre')),
    special: new Map(special),
    addsBos: adds?.type === 'bool' ? adds.value : undefined,
  }
}
