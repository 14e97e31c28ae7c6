import {
  createSampler,
  draftModel,
  fixedLength,
  generate,
  type SamplingOptions,
  type VerifierName,
} from '@foretoken/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from './load.js'
import type { LlamaModel } from './model.js'
import { draftPath, targetPath } from './test-models.js'

/*
 * Through everything at once: real logits, the whole chain, a real draft. The first two tokens jointly, against what the
 * target's logits say after the chain. 20,000 draws each with FORETOKEN_FULL=1.
 */
const full = process.env.FORETOKEN_FULL === '1'
const draws = full ? 20_000 : 300

const chains: Record<string, SamplingOptions> = {
  'temperature alone': {},
  truncation: { topK: 60, typicalP: 0.98, topP: 0.95, minP: 0.01 },
  'penalties, DRY and XTC': {
    repetitionPenalty: 1.2,
    presencePenalty: 0.4,
    frequencyPenalty: 0.3,
    dryMultiplier: 0.8,
    dryAllowedLength: 1,
    xtcProbability: 0.4,
    xtcThreshold: 0.1,
    topP: 0.98,
    minTokens: 2,
  },
}
const temperatures = [0.3, 0.7, 1, 1.5]
/** After which much may follow. */
const prompt = '/**\n * Returns the '

describe(`${draws} draws of two tokens have the target's distribution`, () => {
  let target: LlamaModel
  let draft: LlamaModel
  beforeAll(async () => {
    target = await loadModel({ path: targetPath, gpu: false, contextSize: 128, sequences: 1 })
    draft = await loadModel({ path: draftPath, gpu: false, contextSize: 128, sequences: 1 })
  })
  afterAll(async () => {
    await target.dispose()
    await draft.dispose()
  })

  const cases: [VerifierName, string, number][] = [
    ...Object.keys(chains).flatMap((chain) =>
      temperatures.map((t) => ['block', chain, t] as [VerifierName, string, number]),
    ),
    ['rejection', 'penalties, DRY and XTC', 1],
    ['coupled', 'penalties, DRY and XTC', 1],
    ['match', 'penalties, DRY and XTC', 1],
  ]
  it.each(cases)(
    '%s, %s, T = %s',
    async (verifier, chain, temperature) => {
      const options: SamplingOptions = { ...chains[chain], temperature }
      const context = target.tokenizer.encode(prompt, { start: true })
      const expected = await jointDistribution(target, context, options, 8 / draws)
      const counts = new Map<string, number>()
      const sequence = await target.createSequence()
      const strategy = draftModel({ model: draft })
      // Always drafted, whether or not that pays with so small a target.
      const length = fixedLength(4)
      let accepted = 0
      for (let seed = 0; seed < draws; seed++) {
        const settings = { ...options, prompt: context, maxTokens: 2, strategy, length, verifier, sequence, seed }
        const { tokens, stats } = await generate({ model: target, ...settings }).result()
        const bin = expected.binOf(tokens)
        counts.set(bin, (counts.get(bin) ?? 0) + 1)
        accepted += stats.accepted
      }
      await sequence.dispose()
      // Drafts were accepted and refused, or this shows nothing.
      expect(accepted).toBeGreaterThan(draws / 20)
      expect(accepted).toBeLessThan(draws)
      expect(pValue(counts, expected.bins, draws)).toBeGreaterThan(1e-4)
    },
    full ? 600_000 : 60_000,
  )
})

/**
 * The probability of pairs of tokens, in bins: pairs that are rarer than `least` share one with those of the same first
 * token, and rare first tokens share one.
 */
async function jointDistribution(model: LlamaModel, context: number[], options: SamplingOptions, least: number) {
  const { tokenizer } = model
  const sampler = createSampler(options, { tokenizer, promptLength: context.length })
  const sequence = await model.createSequence()
  const bins = new Map<string, number>()
  const add = (bin: string, p: number) => bins.set(bin, (bins.get(bin) ?? 0) + p)
  const first = sampler.distribution((await sequence.forward(context)).row(0), context)
  for (let a = 0; a < model.vocabSize; a++) {
    const p = first.probability(a)
    if (p < 2 * least || tokenizer.isEnd(a)) {
      if (p > 0) add('other', p)
      continue
    }
    const tokens = [...context, a]
    const second = sampler.distribution((await sequence.forward([a])).row(0), tokens)
    for (let b = 0; b < model.vocabSize; b++) {
      const joint = p * second.probability(b)
      if (joint > 0) add(joint >= least ? `${a},${b}` : `${a},other`, joint)
    }
    await sequence.truncate(context.length)
  }
  await sequence.dispose()
  // What is still too rare for a chi-square test.
  for (const [bin, p] of bins) {
    if (p >= least || bin === 'other') continue
    bins.delete(bin)
    add('other', p)
  }
  const binOf = ([a, b]: readonly number[]): string =>
    [`${a},${b}`, `${a},other`, 'other'].find((bin) => bins.has(bin)) ?? 'other'
  return { bins, binOf }
}

/** Of the chi-square test, by the approximation of Wilson and Hilferty (1931). */
function pValue(counts: ReadonlyMap<string, number>, bins: ReadonlyMap<string, number>, total: number): number {
  let statistic = 0
  for (const [bin, p] of bins) statistic += ((counts.get(bin) ?? 0) - total * p) ** 2 / (total * p)
  const freedom = Math.max(1, bins.size - 1)
  const z = (Math.cbrt(statistic / freedom) - (1 - 2 / (9 * freedom))) / Math.sqrt(2 / (9 * freedom))
  return upperTail(z)
}

/** Of the normal distribution, with an error below 8e-8 (Abramowitz and Stegun, 26.2.17). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * poly
  return z > 0 ? tail : 1 - tail
}
