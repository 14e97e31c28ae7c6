import { decode } from '../../apps/cli/src/measure/decode.js'
import { buildCpuKernels, loadModel } from '../../packages/backend-llama/src/index.js'
import {
  confidenceLength,
  draftModel,
  type DraftStrategy,
  extend,
  firstOf,
  fixedLength,
  type LanguageModel,
  type LengthPolicy,
  promptLookup,
  suffixDecoding,
  tokenRecycling,
} from '../../packages/core/src/index.js'
import type { Contender, Peer, Setting, Setup } from './contender.js'
import { ourName } from './options.js'

interface OurSetting extends Setting {
  readonly strategy?: DraftStrategy
  readonly length?: LengthPolicy
}

/** One strategy for each setting, as a program would keep it: what it learns from text to text is its own. */
function settings(draft: LanguageModel): OurSetting[] {
  const drafted = () => draftModel({ model: draft })
  return [
    { name: 'plain', role: 'plain' },
    { name: 'draft model, as it comes', role: 'default', strategy: drafted() },
    ...[2, 3, 4, 5, 6, 8].map((gamma): OurSetting => ({
      name: `draft model, gamma ${gamma}`,
      role: 'tuned',
      strategy: drafted(),
      length: fixedLength(gamma),
    })),
    { name: 'draft model, confidence', role: 'tuned', strategy: drafted(), length: confidenceLength() },
    { name: 'prompt lookup, gamma 8', role: 'tuned', strategy: promptLookup(), length: fixedLength(8) },
    ...[
      { name: 'prompt lookup', strategy: promptLookup() },
      { name: 'suffix decoding', strategy: suffixDecoding() },
      { name: 'token recycling', strategy: tokenRecycling() },
      { name: 'suffix decoding or draft model', strategy: firstOf(suffixDecoding(), drafted()) },
      { name: 'prompt lookup, then draft model', strategy: extend(promptLookup(), drafted()) },
    ].map(({ name, strategy }): OurSetting => ({ name: `${name}, as it comes`, role: 'tuned', strategy })),
  ]
}

/** Our generate(), on the kernels that are built for this machine. */
export async function foretoken(setup: Setup): Promise<Peer & { readonly descriptions: readonly string[] }> {
  const { threads, contextSize, signal, maxTokens, temperature, seed } = setup
  await buildCpuKernels({ gpu: false, signal })
  const load = { gpu: false, contextSize, threads, signal } as const
  const model = await loadModel({ ...load, path: setup.target })
  const draft = await loadModel({ ...load, path: setup.draft })
  const contenders = settings(draft).map(({ name, role, strategy, length }): Contender => ({
    peer: ourName,
    name,
    role,
    async decode(prompt) {
      const { tokens, ms, origins, result } = await decode({
        ...{ model, prompt, maxTokens, temperature, seed, signal },
        strategy,
        length,
      })
      const { drafted } = result.stats
      return { tokens, ms, text: result.text, ...(drafted > 0 && { drafted, accepted: origins.accepted }) }
    },
  }))
  return {
    name: ourName,
    descriptions: [model.description, draft.description],
    contenders,
    async close() {
      await model.dispose()
      await draft.dispose()
    },
  }
}
