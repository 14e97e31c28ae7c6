import { generate } from '../generate.js'
import { fixedLength } from '../length/fixed.js'
import type { TokenId } from '../model.js'
import { createChance } from '../sampling/chance.js'
import { createSampler } from '../sampling/chain.js'
import type { SamplingOptions } from '../sampling/options.js'
import type { Draft, Drafter, DraftRequest, DraftStrategy } from '../strategy.js'
import { expect, type Case } from './case.js'
import { distance, enumerate, tally } from './enumerate.js'
import { randomTable, ToyModel } from './toy-model.js'

/**
 * What every draft strategy must do, tried on toy models.
 *
 * @param make A new strategy for this target. One that needs a model can make a {@link ToyModel} of `target.vocabSize`.
 */
export function strategyConformance(make: (target: ToyModel) => DraftStrategy | Promise<DraftStrategy>): Case[] {
  return Object.entries(cases).map(([name, check]) => ({ name, run: () => check(make) }))
}

type Make = Parameters<typeof strategyConformance>[0]

const vocabSize = 4
const toy = (): ToyModel =>
  new ToyModel({ vocabSize, next: randomTable({ seed: 1, vocabSize, order: 2 }), maxSequences: 8 })

/** As long texts go: growing, repeating, jumping back, jumping elsewhere. */
const contexts: readonly (readonly TokenId[])[] = [
  [0],
  [0, 1],
  [0, 1, 2, 3, 0, 1],
  [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2],
  [0, 1, 2, 3, 0],
  [3, 3, 3, 3, 3, 3],
  [2],
  [0, 1, 2, 3, 0, 1],
  [0, 1, 2, 3, 0, 1],
]

const cases: Record<string, (make: Make) => Promise<void>> = {
  async 'has a name'(make) {
    const { name } = await make(toy())
    expect(typeof name === 'string' && name.length > 0, () => 'it has none')
  },

  async 'drafts what is legal, from any context'(make) {
    for (const temperature of [0, 1]) {
      await withDrafter(make, { temperature }, async (propose) => {
        for (const context of contexts)
          for (const maxTokens of [1, 2, 5]) legal(await propose(context, { maxTokens }), maxTokens)
      })
    }
  },

  async 'leaves the context alone'(make) {
    await withDrafter(make, {}, async (propose) => {
      const context = [...contexts[3]!]
      await propose(Object.freeze(context), {})
    })
  },

  async 'stops drafting when it is told to'(make) {
    await withDrafter(make, { temperature: 1 }, async (propose) => {
      for (const context of contexts) {
        const none = await propose(context, { goOn: () => false, wantsConfidence: true })
        expect(none.tokens.length === 0, () => `it drafted ${none.tokens.length} tokens where none were allowed`)
        legal(none, 0)
        const two = await propose(context, { goOn: (index) => index < 2, wantsConfidence: true })
        expect(two.tokens.length <= 2, () => `it drafted ${two.tokens.length} tokens where two were allowed`)
        await propose(context, {
          wantsConfidence: true,
          goOn(_, confidence = 0) {
            expect(confidence >= 0 && confidence <= 1, () => `a confidence of ${confidence}`)
            return true
          },
        })
      }
    })
  },

  async 'takes any verdict, and looks back on no more than its own draft, and not later'(make) {
    let wrong: string | undefined
    await withDrafter(make, { temperature: 1 }, async (propose, drafter) => {
      const observe = (accepted: number, drafted: number): void => {
        let over = false
        const likeliest = (row: number, count: number): TokenId[] => {
          if (over) wrong ??= 'it looks back when the call is over'
          if (!(row >= 0 && row <= drafted)) wrong ??= `it looks at row ${row} of a draft of ${drafted} tokens`
          return Array.from({ length: Math.min(count, vocabSize) }, (_, rank) => (row + rank) % vocabSize)
        }
        drafter.observe?.({ accepted, next: 1 }, { likeliest })
        over = true
      }
      // It may be told of rounds in which nothing was drafted, and nobody asked.
      observe(0, 0)
      for (const context of contexts) {
        for (const share of [0, 0.5, 1]) {
          const { tokens } = await propose(context, {})
          observe(Math.floor(share * tokens.length), tokens.length)
          observe(0, 0)
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 0))
    })
    expect(wrong === undefined, () => wrong!)
  },

  async 'draws its tokens from the q that it reports'(make) {
    const context = contexts[2]!
    const branches = await enumerate(async (chance) => {
      let draft: Draft | undefined
      await withDrafter(make, { temperature: 1 }, async (propose) => {
        draft = await propose(context, { chance, maxTokens: 2 })
      })
      return draft!
    })
    // Whatever was drafted before it, a token's share of the branches must be its q.
    for (let index = 0; index < 2; index++) {
      const prefixes = new Set(
        branches
          .filter(({ value }) => value.tokens.length > index)
          .map(({ value }) => String(value.tokens.slice(0, index))),
      )
      for (const prefix of prefixes) {
        const here = branches.filter(
          ({ value }) => value.tokens.length > index && String(value.tokens.slice(0, index)) === prefix,
        )
        const total = here.reduce((sum, { probability }) => sum + probability, 0)
        const drawn = tally(here, ({ tokens }) => String(tokens[index]))
        const claimed = new Map<string, number>()
        const q = here[0]!.value.distributions?.[index]
        if (!q) claimed.set(String(here[0]!.value.tokens[index]), 1)
        else for (let token = 0; token < vocabSize; token++) claimed.set(String(token), q.probability(token))
        for (const [token, probability] of drawn) drawn.set(token, probability / total)
        const error = distance(drawn, claimed)
        expect(
          error < 1e-9,
          () => `token ${index} after [${prefix}] is drawn with probabilities that differ from q by ${error}`,
        )
      }
    }
  },

  async 'does not change what a greedy target says'(make) {
    const wanted = await generate({ model: toy(), prompt: contexts[3]!, maxTokens: 40 }).result()
    const target = toy()
    const strategy = await make(target)
    const seen = await generate({
      model: target,
      prompt: contexts[3]!,
      maxTokens: 40,
      strategy,
      length: fixedLength(3),
    }).result()
    expect(String(seen.tokens) === String(wanted.tokens), () => `it said ${seen.tokens}, not ${wanted.tokens}`)
    expect(seen.warnings.length === 0, () => `it was warned of: ${seen.warnings[0]?.message}`)
  },

  async 'says the same again with the same seed'(make) {
    const say = async (): Promise<string> => {
      const target = toy()
      const strategy = await make(target)
      const { tokens } = await generate({
        model: target,
        prompt: [0, 1],
        maxTokens: 40,
        strategy,
        temperature: 1,
        seed: 7,
      }).result()
      return String(tokens)
    }
    const [first, second] = [await say(), await say()]
    expect(first === second, () => `${first}, then ${second}`)
  },

  async 'serves several generations at a time'(make) {
    const prompts = [[0, 1, 2], [3], [2, 2, 1]]
    const wanted = await Promise.all(
      prompts.map((prompt) => generate({ model: toy(), prompt, maxTokens: 20 }).result()),
    )
    const target = toy()
    const strategy = await make(target)
    const seen = await Promise.all(
      prompts.map((prompt) => generate({ model: target, prompt, maxTokens: 20, strategy }).result()),
    )
    seen.forEach(({ tokens, warnings }, i) => {
      expect(String(tokens) === String(wanted[i]!.tokens), () => `it said ${tokens}, not ${wanted[i]!.tokens}`)
      expect(warnings.length === 0, () => `it was warned of: ${warnings[0]?.message}`)
    })
  },
}

async function withDrafter(
  make: Make,
  sampling: SamplingOptions,
  body: (
    propose: (context: readonly TokenId[], request: Partial<DraftRequest>) => Promise<Draft>,
    drafter: Drafter,
  ) => Promise<void>,
): Promise<void> {
  const target = toy()
  const drafter = await (await make(target)).open({ target, sampler: createSampler(sampling) })
  const defaults = { maxTokens: 4, chance: createChance(1), goOn: () => true, wantsConfidence: false }
  try {
    await body(async (context, request) => drafter.propose(context, { ...defaults, ...request }), drafter)
  } finally {
    await drafter.dispose?.()
  }
}

function legal({ tokens, distributions, withheld }: Draft, maxTokens: number): void {
  expect(tokens.length <= maxTokens, () => `${tokens.length} tokens where ${maxTokens} were asked for`)
  for (const token of withheld === undefined ? tokens : [...tokens, withheld]) {
    expect(Number.isInteger(token) && token >= 0 && token < vocabSize, () => `token ${token} is not in the vocabulary`)
  }
  if (!distributions) return
  expect(
    distributions.length === tokens.length,
    () => `${distributions.length} distributions for ${tokens.length} tokens`,
  )
  distributions.forEach((q, i) => {
    expect(q.probability(tokens[i]!) > 0, () => `token ${i} was drawn with probability 0`)
    let sum = 0
    for (let token = 0; token < vocabSize; token++) sum += q.probability(token)
    expect(Math.abs(sum - 1) < 1e-9, () => `q sums to ${sum}`)
  })
}
