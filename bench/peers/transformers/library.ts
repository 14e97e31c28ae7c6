/* As much of transformers.js as we use: it is not installed where nobody has asked for it, so its types may be missing. */

interface Tensor {
  readonly dims: readonly number[]
  tolist(): (number | bigint)[][]
}

interface Inputs {
  readonly input_ids: Tensor
}

interface Tokenizer {
  (text: string, options: { add_special_tokens: boolean }): Inputs
  decode(tokens: readonly (number | bigint)[], options: { skip_special_tokens: boolean }): string
}

interface Model {
  generate(options: Inputs & Record<string, unknown>): Promise<Tensor>
}

export interface Transformers {
  readonly AutoModelForCausalLM: { from_pretrained(name: string, options: object): Promise<Model> }
  readonly AutoTokenizer: { from_pretrained(name: string): Promise<Tokenizer> }
  readonly BaseStreamer: new () => { put(tokens: unknown): void; end(): void }
  readonly env: { allowRemoteModels: boolean; localModelPath: string }
}

/** @throws When it is not installed: `peer.ts` sees to it. */
export async function loadTransformers(): Promise<Transformers> {
  const name = '@huggingface/transformers'
  return (await import(name)) as Transformers
}
