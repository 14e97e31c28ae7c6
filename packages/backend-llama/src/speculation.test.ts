import { type DraftStrategy, draftModel, fixedLength, generate, promptLookup } from '@foretoken/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from './load.js'
import type { LlamaModel } from './model.js'
import { draftPath, targetPath } from './test-models.js'

const prompts = [
  'export function debounce(',
  "import { readFile } from 'node:fs/promises'\n\n",
  'describe(',
  '/**\n * Returns the',
]
/** Logits of a pass over several tokens differ from those of single ones by less. */
const rounding = 0.05

describe('speculation on llama.cpp', () => {
  let target: LlamaModel
  let draft: LlamaModel
  beforeAll(async () => {
    target = await loadModel({ path: targetPath, gpu: false, contextSize: 512, sequences: 2 })
    draft = await loadModel({ path: draftPath, gpu: false, contextSize: 512 })
  })
  afterAll(async () => {
    await target.dispose()
    await draft.dispose()
  })

  /** How much better the target likes its own choice than `other`, after `context`. */
  async function margin(context: readonly number[], other: number): Promise<number> {
    const sequence = await target.createSequence()
    const rows = await sequence.forward(context)
    const row = rows.row(0)
    const lead = row[rows.argmax(0)]! - row[other]!
    await sequence.dispose()
    return lead
  }

  it.each([
    ['draft model', () => draftModel({ model: draft }), 1],
    ['draft model', () => draftModel({ model: draft }), 4],
    ['draft model', () => draftModel({ model: draft }), 8],
    ['prompt lookup', () => promptLookup(), 6],
  ] as const)('%s says what the target alone says (%#)', async (_, strategy, gamma) => {
    for (const prompt of prompts) {
      const context = target.tokenizer.encode(prompt, { start: true })
      const plain = await generate({ model: target, prompt: context, maxTokens: 64 }).result()
      const options = { strategy: strategy(), length: fixedLength(gamma) }
      const drafted = await generate({ model: target, prompt: context, maxTokens: 64, ...options }).result()
      expect(drafted.warnings).toEqual([])
      const fork = drafted.tokens.findIndex((token, i) => token !== plain.tokens[i])
      if (fork < 0) continue
      // The kernels may round a near-tie the other way; anything else is a bug.
      const lead = await margin([...context, ...plain.tokens.slice(0, fork)], drafted.tokens[fork]!)
      expect(Math.abs(lead)).toBeLessThan(rounding)
    }
  })

  it('takes 7 passes for 61 tokens when all drafts are right and gamma is 8', async () => {
    const prompt = target.tokenizer.encode(prompts[0]!, { start: true })
    const { tokens } = await generate({ model: target, prompt, maxTokens: 61 }).result()
    expect(tokens).toHaveLength(61)
    const oracle: DraftStrategy = {
      name: 'oracle',
      open: () => ({
        propose: (context, { maxTokens }) => {
          const said = context.length - prompt.length
          return { tokens: tokens.slice(said, said + maxTokens) }
        },
      }),
    }
    const options = { strategy: oracle, length: fixedLength(8) }
    const { stats } = await generate({ model: target, prompt, maxTokens: 61, ...options }).result()
    expect(stats.tokens).toBe(61)
    // A near-tie that a wider pass rounds the other way costs one more.
    expect(stats.passes).toBeLessThanOrEqual(7 + (stats.accepted < stats.drafted ? 1 : 0))
    expect(stats.passes).toBeGreaterThanOrEqual(7)
  })
})
