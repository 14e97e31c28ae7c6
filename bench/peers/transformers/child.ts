import { basename, dirname } from 'node:path'
import type { Decoding } from '../contender.js'
import { type ChildSetup, serve } from '../serve.js'
import { loadTransformers } from './library.js'

serve(async (setup) => {
  const { AutoModelForCausalLM, AutoTokenizer, BaseStreamer, env } = await loadTransformers()
  const folder = dirname(dirname(setup.target))
  const type = /^model_(.*)\.onnx$/.exec(basename(setup.target))?.[1] ?? 'fp32'
  env.allowRemoteModels = false
  env.localModelPath = dirname(folder)
  const name = folder.slice(env.localModelPath.length + 1)
  const tokenizer = await AutoTokenizer.from_pretrained(name)
  const model = await AutoModelForCausalLM.from_pretrained(name, {
    dtype: type,
    device: 'cpu',
    use_external_data_format: true,
    session_options: { intraOpNumThreads: setup.threads, interOpNumThreads: 1 },
  })

  return async ({ prompt }): Promise<Decoding> => {
    /** When each token came; the prompt counts as one. */
    const times: number[] = []
    class Clock extends BaseStreamer {
      override put(): void {
        times.push(performance.now())
      }
      override end(): void {}
    }
    const inputs = tokenizer(prompt, { add_special_tokens: false })
    const output = await model.generate({ ...inputs, streamer: new Clock(), ...generation(setup) })
    const tokens = output.tolist()[0]!.slice(inputs.input_ids.dims[1])
    // The first token comes with the prompt.
    const [first, last] = [times[1]!, times.at(-1)!]
    return { tokens: times.length - 2, ms: last - first, text: tokenizer.decode(tokens, { skip_special_tokens: true }) }
  }
})

function generation({ maxTokens, temperature }: ChildSetup) {
  const sampling = temperature > 0 ? { do_sample: true, temperature, top_k: 0 } : { do_sample: false }
  return { max_new_tokens: maxTokens, ...sampling }
}
