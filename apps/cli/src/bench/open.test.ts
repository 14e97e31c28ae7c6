import { fixedLength } from '@foretoken/core'
import { randomTable, ToyModel } from '@foretoken/core/testing'
import { describe, expect, test } from 'vitest'
import { heat } from '../measure/contest.js'
import { timed } from '../measure/timed.js'
import { parseConfiguration } from './configuration.js'
import { chooseAll, contendersOf, draftCurves, entrantsOf } from './open.js'

const toy = (seed: number) => new ToyModel({ vocabSize: 4, next: randomTable({ seed, vocabSize: 4 }) })
const configurations = ['plain=none', 'two=draft-model,length=2', 'lookup=prompt-lookup', 'own=prediction'].map(
  parseConfiguration,
)
const drafting = { length: fixedLength(4) }

describe('configurations, opened', () => {
  test('each draft model is measured once; what is fixed and what is not is told', async () => {
    const chosen = await chooseAll(configurations, { draft: 'small.gguf' })
    expect(chosen.map(({ draft }) => draft)).toEqual([undefined, 'small.gguf', undefined, undefined])
    const drafts = new Map([['small.gguf', timed(toy(2))]])
    const curves = await draftCurves(drafts, { widths: [1, 2], context: [0, 1], signal: undefined })
    expect(curves.map(({ passes }) => passes.map(({ width }) => width))).toEqual([[1, 2]])
    const entrants = entrantsOf(chosen, drafting, new Map([['small.gguf', curves[0]!]]))
    expect(entrants.map(({ length }) => length)).toEqual(['none', 'fixed 2', 'fixed 4', 'fixed 4'])
    expect(entrants.map(({ gamma }) => gamma)).toEqual([undefined, 2, undefined, undefined])
    expect(entrants[1]!.draftStepMs).toBe(curves[0]!.passes[0]!.ms)
  })

  test('a prediction is drafted where the prompt has one', async () => {
    const chosen = await chooseAll(configurations, { draft: 'small.gguf' })
    const contenders = contendersOf(chosen, new Map([['small.gguf', timed(toy(2))]]), drafting)
    const model = toy(1)
    const prompt = { id: 'p', kind: 'own', text: 'abca' }
    const options = { model, contenders, index: 0, generate: { maxTokens: 20 }, sharePrompt: true }
    const { runs } = await heat({ ...options, prompt })
    expect(runs.map(({ contender }) => contender)).toEqual(['plain', 'two', 'lookup', 'own'])
    expect(runs[3]!.result.stats.drafted).toBe(0)
    // What it will say is the best prediction there is.
    const known = await heat({ ...options, prompt: { ...prompt, prediction: runs[0]!.result.text } })
    expect(known.runs[3]!.result.tokens).toEqual(runs[0]!.result.tokens)
    expect(known.runs[3]!.result.stats.accepted).toBeGreaterThan(10)
  })
})
