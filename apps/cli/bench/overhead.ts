/**
 * What a round costs beyond llama.cpp itself: everything that is not inside `llama_decode`, per round and drafted token.
 *
 *     npm run bench:overhead -- [--size none|350m|1.1b] [--gamma 4] [--rounds 5]
 */
import { parseArgs } from 'node:util'
import { type LlamaModel, loadModel } from '@foretoken/backend-llama'
import { draftModel, fixedLength } from '@foretoken/core'
import { draft, draftShapes, ensureInflated, prompts, type ShapeName, target } from '@foretoken/demo-models'
import { decode } from '../src/measure/decode.js'
import { median } from '../src/measure/statistics.js'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'none' },
    gamma: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    'max-tokens': { type: 'string', default: '96' },
  },
})
const gamma = Number(values.gamma)
const shape = values.size as ShapeName | 'none'
const files =
  shape === 'none'
    ? { target, draft }
    : {
        target: (await ensureInflated({ source: target, shape, type: 'F16' })).path,
        draft: (await ensureInflated({ source: draft, shape: draftShapes[shape], type: 'Q4_0' })).path,
      }

/** Milliseconds inside `llama_decode`. */
let inside = 0
/** Puts a clock around the native call itself. It is private: this bench alone looks below the model's interface. */
function clocked(model: LlamaModel): LlamaModel {
  type Native = { decode: () => number; decodeInBackground: (wait: boolean) => Promise<number> }
  const { context } = model as unknown as { context: Native }
  const [now, later] = [context.decode.bind(context), context.decodeInBackground.bind(context)]
  context.decode = () => {
    const started = performance.now()
    const status = now()
    inside += performance.now() - started
    return status
  }
  context.decodeInBackground = async (wait) => {
    const started = performance.now()
    const status = await later(wait)
    inside += performance.now() - started
    return status
  }
  return model
}

const ours = {
  target: clocked(await loadModel({ path: files.target, gpu: false, contextSize: 1024 })),
  draft: clocked(await loadModel({ path: files.draft, gpu: false, contextSize: 1024 })),
}
console.log(`${ours.target.description}\n${ours.draft.description}\n`)

const texts = await prompts('code')
const results: Record<'plain' | 'drafted', { perUnit: number[]; share: number[] }> = {
  plain: { perUnit: [], share: [] },
  drafted: { perUnit: [], share: [] },
}
for (let round = 0; round < Number(values.rounds); round++) {
  for (const kind of ['plain', 'drafted'] as const) {
    const strategy = kind === 'plain' ? undefined : draftModel({ model: ours.draft })
    const options = {
      model: ours.target,
      prompt: texts[round % texts.length]!.text,
      maxTokens: Number(values['max-tokens']),
    }
    inside = 0
    const before = performance.now()
    const { result, prefillMs } = await decode({ ...options, strategy, length: fixedLength(gamma) })
    const { stats } = result
    // The prompt's passes are inside as well; what is around them is left out of neither side, and small.
    const outside = performance.now() - before - inside
    results[kind].perUnit.push((1000 * outside) / (kind === 'plain' ? stats.tokens : stats.drafted))
    results[kind].share.push((100 * outside) / (stats.decodeMs + prefillMs))
  }
}
const line = (kind: 'plain' | 'drafted', unit: string): string =>
  `${kind.padEnd(8)} ${median(results[kind].perUnit).toFixed(0)} us a ${unit}, ${median(results[kind].share).toFixed(2)} % of the time, outside llama_decode`
console.log(line('plain', 'token'))
console.log(line('drafted', 'drafted token'), `(gamma ${gamma})`)
await ours.target.dispose()
await ours.draft.dispose()
