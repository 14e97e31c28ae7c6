/**
 * How many drafted tokens each verifier keeps in a pass of the target, by content, on the demo pair:
 *
 *     npm run bench:acceptance -- [--temperature 0.8] [--gamma 4] [--prompts 12] [--seeds 6] [--max-tokens 64] [--json]
 *
 * No clock is involved. Two figures for each verifier: what it kept in its own texts, and what it would have kept on
 * average of the very same drafts (those that came up under `block`), computed from p and q instead of drawn. The second
 * has no luck in it but that of the drafts, which all share.
 */
import { parseArgs } from 'node:util'
import { loadModel } from '@foretoken/backend-llama'
import {
  block,
  coupled,
  draftModel,
  fixedLength,
  generate,
  match,
  rejection,
  type Draft,
  type Judgement,
  type Verifier,
} from '@foretoken/core'
import { draft, promptKinds, prompts, target } from '@foretoken/demo-models'
import { mean } from '../src/measure/statistics.js'
import { createProgress } from '../src/terminal/progress.js'
import { table } from '../src/terminal/table.js'

const { values } = parseArgs({
  options: {
    temperature: { type: 'string', default: '0.8' },
    gamma: { type: 'string', default: '4' },
    prompts: { type: 'string', default: '12' },
    seeds: { type: 'string', default: '6' },
    'max-tokens': { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
})
const [temperature, gamma] = [Number(values.temperature), Number(values.gamma)]
const verifiers = [block, rejection, coupled, match]

/** The expected number of kept tokens of this draft. `coupled` keeps what its noise says: there is none for it. */
const expectations: Record<string, (draft: Draft, target: Judgement) => number> = {
  block(drafted, judgement) {
    const keep = [1]
    drafted.tokens.forEach((_, i) => keep.push(Math.min(1, keep[i]! * ratio(drafted, judgement, i))))
    // At least i tokens are kept unless every test from i on fails.
    let allFail = 1 - keep[gamma]!
    let expected = 1 - allFail
    for (let i = gamma - 1; i > 0; i--) {
      const surplus = excessMass(drafted, judgement, i, keep[i]!)
      allFail *= 1 - surplus / (surplus + 1 - keep[i]! || 1)
      expected += 1 - allFail
    }
    return expected
  },
  rejection: (drafted, judgement) => product(drafted, (i) => Math.min(1, ratio(drafted, judgement, i))),
  match: (drafted, judgement) => product(drafted, (i) => judgement.distribution(i).probability(drafted.tokens[i]!)),
}

/** The sum over i of the probability that the first i tokens are kept. */
function product({ tokens }: Draft, accept: (i: number) => number): number {
  let kept = 1
  return tokens.reduce((sum, _, i) => sum + (kept *= accept(i)), 0)
}

function ratio({ tokens, distributions }: Draft, judgement: Judgement, i: number): number {
  const token = tokens[i]!
  return judgement.distribution(i).probability(token) / distributions![i]!.probability(token)
}

/** sum_x max(0, scale * p(x) - q(x)) */
function excessMass({ distributions }: Draft, judgement: Judgement, i: number, scale: number): number {
  const [p, q] = [judgement.distribution(i), distributions![i]!]
  let mass = 0
  for (let x = 0; x < models.target.vocabSize; x++) mass += Math.max(0, scale * p.probability(x) - q.probability(x))
  return mass
}

const models = {
  target: await loadModel({ path: target, gpu: false, contextSize: 1024 }),
  draft: await loadModel({ path: draft, gpu: false, contextSize: 1024 }),
}

/** By content and verifier: accepted tokens of each full round, and what was expected of the drafts. */
const kept = new Map<string, number[]>()
const expected = new Map<string, number[]>()
const note = (into: Map<string, number[]>, kind: string, verifier: string, value: number): void => {
  for (const content of [kind, 'all']) {
    const key = `${content} ${verifier}`
    if (!into.has(key)) into.set(key, [])
    into.get(key)!.push(value)
  }
}

const plan = (
  await Promise.all(
    promptKinds.map(async (kind) =>
      (await prompts(kind)).slice(0, Number(values.prompts)).map(({ text }) => ({ kind, text })),
    ),
  )
).flat()
const { stdout: out, stderr: err, stdin: input, env } = process
const progress = createProgress({ out, err, input, env, signal: new AbortController().signal }, 'acceptance')
for (const [index, { kind, text }] of plan.entries()) {
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    for (const verifier of verifiers) {
      const watched: Verifier = {
        ...verifier,
        verify(drafted, judgement, chance) {
          const verdict = verifier.verify(drafted, judgement, chance)
          // The last round of a text drafts what is still wanted: left out.
          if (drafted.tokens.length < gamma) return verdict
          note(kept, kind, verifier.name, verdict.accepted)
          if (verifier !== block) return verdict
          for (const [name, expect] of Object.entries(expectations))
            note(expected, kind, name, expect(drafted, judgement))
          return verdict
        },
      }
      await generate({
        model: models.target,
        prompt: text,
        strategy: draftModel({ model: models.draft }),
        length: fixedLength(gamma),
        maxTokens: Number(values['max-tokens']),
        verifier: watched,
        temperature,
        seed,
      }).result()
    }
  }
  progress.update((index + 1) / plan.length)
}
progress.done()

const rows = [...promptKinds, 'all'].map((content) => ({
  content,
  verifiers: verifiers.map(({ name }) => {
    const own = kept.get(`${content} ${name}`)!
    const average = mean(own)
    const same = expected.get(`${content} ${name}`)
    return {
      name,
      rounds: own.length,
      accepted: average,
      error: 1.96 * Math.sqrt(mean(own.map((value) => (value - average) ** 2)) / own.length),
      expected: same && mean(same),
    }
  }),
}))
if (values.json) console.log(JSON.stringify({ temperature, gamma, rows }, null, 2))
else {
  console.log(`${models.target.description}\n${models.draft.description}\nT = ${temperature}, gamma = ${gamma}\n`)
  const cells = rows.map(({ content, verifiers: all }) => [
    content,
    ...all.map(
      ({ accepted, error, expected: same }) =>
        `${accepted.toFixed(2)} +-${error.toFixed(2)}${same ? ` (${same.toFixed(3)})` : ''}`,
    ),
  ])
  console.log(
    table([{ title: 'accepted tokens a pass' }, ...verifiers.map(({ name }) => ({ title: name }))], cells).join('\n'),
  )
  console.log('\nIn brackets: what was to be expected of the same drafts.')
}
await models.target.dispose()
await models.draft.dispose()
