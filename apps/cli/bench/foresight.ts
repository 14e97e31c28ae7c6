/**
 * How well acceptance is foreseen by what a draft model says of itself, on the demo pair:
 *
 *     npm run bench:foresight -- [--temperatures 0,0.7,1] [--prompts 6] [--max-tokens 256] [--json]
 *
 * At every token of the target's text, the draft model is asked for that token alone. The figure is the probability that it
 * was surer of a token that the target said than of one that it did not say (the area under the ROC curve; ties count half):
 * 0.5 is guesswork, 1 is foresight. Once by the peak of q, and once by what `draftModel` says. No clock is involved.
 */
import { parseArgs } from 'node:util'
import { loadModel } from '@foretoken/backend-llama'
import {
  type Chance,
  coupledChance,
  createChance,
  createSampler,
  draftModel,
  type Drafter,
  generate,
  type TokenId,
} from '@foretoken/core'
import { draft, promptKinds, target } from '@foretoken/demo-models'
import { schedule } from '../src/bench/schedule.js'
import { builtInPrompts } from '../src/models/prompts.js'
import { table } from '../src/terminal/table.js'

const { values } = parseArgs({
  options: {
    temperatures: { type: 'string', default: '0,0.7,1' },
    prompts: { type: 'string', default: '6' },
    'max-tokens': { type: 'string', default: '256' },
    json: { type: 'boolean', default: false },
  },
})
const seed = 1
const load = { gpu: false, contextSize: 1024, calibrate: false } as const
const model = await loadModel({ ...load, path: target })
const small = await loadModel({ ...load, path: draft, sequences: 2 })
const prompts = schedule(await builtInPrompts([...promptKinds]), Number(values.prompts)).rounds.flat()

interface Guess {
  readonly right: boolean
  readonly peak: number
  readonly said: number
}

/** What `drafter` drafts next, and how sure it says it is. */
async function ask(drafter: Drafter, context: readonly TokenId[], chance: Chance) {
  let sure = NaN
  const goOn = (_: number, confidence = NaN): boolean => {
    sure = confidence
    return true
  }
  const { tokens } = await drafter.propose(context, { maxTokens: 1, chance, goOn, wantsConfidence: true })
  return { token: tokens[0], sure }
}

async function guesses(temperature: number): Promise<Guess[]> {
  const strategy = draftModel({ model: small })
  // One that draws without noise of its own says the peak of q; a greedy draft's q is that of temperature 1.
  const [said, peak] = await Promise.all(
    [temperature, temperature || 1].map((each) =>
      strategy.open({ target: model, sampler: createSampler({ temperature: each }) }),
    ),
  )
  const found: Guess[] = []
  for (const { text, id } of prompts) {
    const maxTokens = Number(values['max-tokens'])
    const { tokens } = await generate({ model, prompt: text, temperature, seed, maxTokens }).result()
    const context = model.tokenizer.encode(text, { start: true })
    const chance = coupledChance(seed)
    for (const token of tokens) {
      const asked = await ask(said!, context, chance)
      found.push({
        right: asked.token === token,
        said: asked.sure,
        peak: (await ask(peak!, context, createChance(seed))).sure,
      })
      context.push(token)
    }
    console.error(`T = ${temperature}, ${id}`)
  }
  await said!.dispose?.()
  await peak!.dispose?.()
  return found
}

/** The probability that one of the right ones has more than one of the wrong ones (Mann and Whitney's U over its most). */
function foresight(found: readonly Guess[], by: 'peak' | 'said'): number {
  const sorted = found.toSorted((a, b) => a[by] - b[by])
  let [wrong, pairs] = [0, 0]
  for (let i = 0; i < sorted.length;) {
    let end = i
    while (end < sorted.length && sorted[end]![by] === sorted[i]![by]) end++
    const tied = sorted.slice(i, end)
    const right = tied.filter((guess) => guess.right).length
    pairs += right * (wrong + (tied.length - right) / 2)
    wrong += tied.length - right
    i = end
  }
  return pairs / (wrong * (found.length - wrong))
}

const rows = []
for (const temperature of values.temperatures.split(',').map(Number)) {
  const found = await guesses(temperature)
  rows.push({
    temperature,
    tokens: found.length,
    accepted: found.filter(({ right }) => right).length / found.length,
    byPeak: foresight(found, 'peak'),
    byDrafter: foresight(found, 'said'),
  })
}
await small.dispose()
await model.dispose()
if (values.json) console.log(JSON.stringify(rows, null, 2))
else {
  const lines = table(
    ['T', 'tokens', 'accepted', 'foreseen by the peak of q', 'by what draftModel says'].map((title) => ({ title })),
    rows.map((row) => [
      String(row.temperature),
      String(row.tokens),
      `${(100 * row.accepted).toFixed(1)} %`,
      row.byPeak.toFixed(3),
      row.byDrafter.toFixed(3),
    ]),
  )
  console.log(lines.join('\n'))
}
