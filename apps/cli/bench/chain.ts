/**
 * What each step of the sampling chain and a response format cost, as a share of a round of the 350m F16 inflation:
 *
 *     npm run bench:chain -- [--size 350m] [--gamma 4] [--rounds 40] [--json]
 *
 * A round samples gamma + 1 rows of the target and gamma of the draft, so a step's share is its time on a row, times
 * 2 gamma + 1, over the time of a round. The step's time is that of a chain with it less that of one without, on real
 * logits, with 2,000 tokens of history; the two in turn. For other vocabularies rows are made up, and the round stays the
 * same: it says what the step would cost a model of that size with such a vocabulary.
 */
import { parseArgs } from 'node:util'
import { loadModel } from '@foretoken/backend-llama'
import {
  type Constraint,
  ConstraintTracker,
  createSampler,
  draftModel,
  fixedLength,
  forcedTokens,
  generate,
  type SamplingOptions,
  type TokenId,
} from '@foretoken/core'
import { draft, draftShapes, ensureInflated, prompts, type ShapeName, target } from '@foretoken/demo-models'
import { median } from '../src/measure/statistics.js'
import { table } from '../src/terminal/table.js'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '350m' },
    gamma: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '40' },
    json: { type: 'boolean', default: false },
  },
})
const gamma = Number(values.gamma)
const rows = 2 * gamma + 1
const shape = values.size as ShapeName

const files = {
  target: (await ensureInflated({ source: target, shape, type: 'F16' })).path,
  draft: (await ensureInflated({ source: draft, shape: draftShapes[shape], type: 'Q4_0' })).path,
}
const model = await loadModel({ path: files.target, gpu: false, contextSize: 2560 })
const small = await loadModel({ path: files.draft, gpu: false, contextSize: 2560 })
const strategy = draftModel({ model: small })
const code = await prompts('code')

/** Milliseconds of a round that drafts gamma tokens, sampling at T = 0.8. */
const roundMs = await (async () => {
  const times: number[] = []
  for (let seed = 0; times.length < Number(values.rounds); seed++) {
    const options = { model, prompt: code[seed % code.length]!.text, strategy, length: fixedLength(gamma), seed }
    const { stats } = await generate({ ...options, temperature: 0.8, maxTokens: 40 }).result()
    times.push(stats.decodeMs / stats.passes)
  }
  return median(times)
})()

/** Real rows of logits, and a history as code has it. */
const history: TokenId[] = model.tokenizer.encode(code.map(({ text }) => text).join('\n')).slice(0, 2000)
const real: Float32Array[] = []
const sequence = await model.createSequence()
await sequence.forward(history.slice(0, 200), { outputs: 'none' })
for (const token of history.slice(200, 216)) real.push((await sequence.forward([token])).row(0).slice())
await sequence.dispose()

const steps: Record<string, [without: SamplingOptions, extra: SamplingOptions]> = {
  'temperature (softmax)': [{ temperature: 0 }, { temperature: 0.8 }],
  'top-k 40': [{ temperature: 0.8 }, { topK: 40 }],
  'top-p 0.95': [{ temperature: 0.8 }, { topP: 0.95 }],
  'min-p 0.05': [{ temperature: 0.8 }, { minP: 0.05 }],
  'typical 0.95': [{ temperature: 0.8 }, { typicalP: 0.95 }],
  XTC: [{ temperature: 0.8 }, { xtcProbability: 0.5 }],
  penalties: [{ temperature: 0.8 }, { repetitionPenalty: 1.1, presencePenalty: 0.1, frequencyPenalty: 0.1 }],
  DRY: [{ temperature: 0.8 }, { dryMultiplier: 0.8 }],
  'logit bias, 100 tokens': [
    { temperature: 0.8 },
    { logitBias: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [i, 1])) },
  ],
  'minimum tokens': [{ temperature: 0.8 }, { minTokens: 100_000 }],
}

/** Microseconds of a row with `options`, over those without. */
function costOf([without, extra]: [SamplingOptions, SamplingOptions], logits: Float32Array[]): number {
  const context = { tokenizer: model.tokenizer }
  const samplers = [createSampler(without, context), createSampler({ ...without, ...extra }, context)]
  const times: [number[], number[]] = [[], []]
  for (let run = -200; run < 400; run++) {
    for (const side of [0, 1] as const) {
      const started = performance.now()
      samplers[side]!.distribution(logits[Math.abs(run) % logits.length]!, history)
      if (run >= 0) times[side].push(performance.now() - started)
    }
  }
  const average = (list: number[]): number => {
    // The slowest twentieth is other programs' and the garbage collector's; the latter is ours, but not a step's.
    const kept = list.toSorted((a, b) => a - b).slice(0, Math.floor(list.length * 0.95))
    return kept.reduce((a, b) => a + b, 0) / kept.length
  }
  return 1000 * (average(times[1]) - average(times[0]))
}

/** Like a model's: a wide bell, and a few tokens that stand out. From a fixed seed. */
function madeUp(vocabSize: number): Float32Array[] {
  let state = 1
  const uniform = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  return Array.from({ length: 4 }, () => {
    const row = Float32Array.from(
      { length: vocabSize },
      () => 2.5 * (uniform() + uniform() + uniform() + uniform() - 2),
    )
    for (let i = 0; i < 20; i++) row[Math.floor(uniform() * vocabSize)] = 12 + 6 * uniform()
    return row
  })
}

const kinds: [string, Float32Array[]][] = [
  [`${model.vocabSize} tokens`, real],
  ['32,000', madeUp(32_000)],
  ['152,064', madeUp(152_064)],
]
const costs = Object.entries(steps).map(([name, step]) => ({
  name,
  microseconds: kinds.map(([, logits]) => costOf(step, logits)),
}))

/** Milliseconds inside the matcher, and of the whole decoding, with a JSON schema. */
async function formatShare(): Promise<{ ms: number; decodeMs: number; tokens: number; passes: number }> {
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 40 },
      tags: { type: 'array', items: { type: 'string', maxLength: 20 }, minItems: 3, maxItems: 5 },
      size: { type: 'integer', minimum: 0, maximum: 100_000 },
      open: { type: 'boolean' },
    },
    required: ['name', 'tags', 'size', 'open'],
    additionalProperties: false,
  }
  let ms = 0
  const sum = { ms: 0, decodeMs: 0, tokens: 0, passes: 0 }
  const constraint = clocked(await model.constrain!({ type: 'json', schema }), (spent) => (ms += spent))
  for (let seed = 0; seed < 12; seed++) {
    ms = 0
    const options = {
      model,
      prompt: code[seed]!.text,
      strategy: forcedTokens(strategy),
      length: fixedLength(gamma),
      seed,
    }
    const result = await generate({ ...options, temperature: 0.8, maxTokens: 120, responseFormat: constraint }).result()
    sum.ms += ms
    sum.decodeMs += result.stats.decodeMs
    sum.tokens += result.stats.tokens
    sum.passes += result.stats.passes
  }
  return sum
}

/** The same constraint with a clock around everything that its matchers do. */
function clocked(constraint: Constraint, spend: (ms: number) => void): Constraint {
  const timed = <T>(work: () => T): T => {
    const started = performance.now()
    try {
      return work()
    } finally {
      spend(performance.now() - started)
    }
  }
  return {
    name: constraint.name,
    open() {
      const matcher = constraint.open()
      return {
        allows: (token) => timed(() => matcher.allows(token)),
        mask: () => timed(() => matcher.mask()),
        accept: (token) => timed(() => matcher.accept(token)),
        rollback: (count) => timed(() => matcher.rollback(count)),
        forced: () => timed(() => matcher.forced?.() ?? ''),
        dispose: () => matcher.dispose?.(),
      }
    },
  }
}

/** Microseconds of a row to apply a mask that is known, over a row without: copying the row, and what is crossed out. */
async function maskingCost(): Promise<number> {
  const constraint = await model.constrain!({ type: 'json', schema: { type: 'string', maxLength: 40 } })
  const context = { tokenizer: model.tokenizer, promptLength: history.length }
  const tracker = new ConstraintTracker(constraint.open(), history.length, (token) => model.tokenizer.isEnd(token))
  // Within a string, where most tokens may come and most rows are.
  const tokens = [...history, ...model.tokenizer.encode('"na')]
  const samplers = [
    createSampler({ temperature: 0.8 }, context),
    createSampler({ temperature: 0.8 }, { ...context, tracker }),
  ]
  const times: [number[], number[]] = [[], []]
  for (let run = -200; run < 400; run++) {
    for (const side of [0, 1] as const) {
      const started = performance.now()
      samplers[side]!.distribution(real[Math.abs(run) % real.length]!, tokens)
      if (run >= 0) times[side].push(performance.now() - started)
    }
  }
  return 1000 * (median(times[1]) - median(times[0]))
}

const masking = await maskingCost()
const format = await formatShare()
const share = (microseconds: number): number => (100 * rows * microseconds) / 1000 / roundMs
if (values.json) {
  const result = {
    model: model.description,
    gamma,
    roundMs,
    vocabularies: kinds.map(([name]) => name),
    costs,
    format,
    masking,
  }
  console.log(JSON.stringify(result, undefined, 2))
} else {
  console.log(`${model.description}\ngamma ${gamma}: a round takes ${roundMs.toFixed(1)} ms (median)\n`)
  const columns = [{ title: 'us a row (% of a round)' }, ...kinds.map(([title]) => ({ title }))]
  const lines = costs.map(({ name, microseconds }) => [
    name,
    ...microseconds.map((cost) => `${cost.toFixed(0)} (${share(cost).toFixed(2)} %)`),
  ])
  console.log(table(columns, lines).join('\n'))
  console.log(
    `\nJSON schema: ${((100 * format.ms) / format.decodeMs).toFixed(2)} % of the time of decoding in the matcher, ` +
      `${((1000 * format.ms) / format.passes).toFixed(0)} us a round (${format.tokens} tokens in ${format.passes} rounds), ` +
      `and ${masking.toFixed(0)} us (${share(masking).toFixed(2)} %) a row to apply a mask`,
  )
}
await model.dispose()
await small.dispose()
