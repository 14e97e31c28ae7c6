/**
 * The guard on a clock of its own: the demo pair's real text and drafts, with passes that take as long as those of a machine
 * that is written down here, and now and then longer. Minutes instead of an hour, the same figures each time, and machines
 * that nobody has at hand: to see what a change of the guard does before `bench:guard` measures it.
 *
 *     npm run bench:rehearsal -- [--machine 350m|1.1b|xeon|prebuilt|gpu] [--strategies auto,draft-model] [--temperatures 0,1]
 *                                [--prompts 2] [--max-tokens 64] [--lengths 1,2,3,4,6,8,12] [--seed 1]
 *                                [--noise 0]
 *
 * Without noise, passes take what the curve says each time and the curve of the load is right: what is left below the best
 * fixed length is what the guard decided, not what happened to it.
 */
import { parseArgs } from 'node:util'
import { loadModel } from '@foretoken/backend-llama'
import { automaticLength, fixedLength, type LanguageModel, type LogitsRows, type Sequence } from '@foretoken/core'
import { draft, promptKinds, target } from '@foretoken/demo-models'
import { withOwnEdits } from '../src/bench/own-edits.js'
import { schedule } from '../src/bench/schedule.js'
import { decodeRounds } from '../src/measure/decode.js'
import { builtInPrompts } from '../src/models/prompts.js'
import { drafters } from './guard/drafters.js'

const { values } = parseArgs({
  options: {
    machine: { type: 'string', default: '350m' },
    strategies: { type: 'string', default: 'auto,draft-model,suffix,recycling,prediction,random,unrelated' },
    temperatures: { type: 'string', default: '0,0.7,1' },
    prompts: { type: 'string', default: '2' },
    'max-tokens': { type: 'string', default: '64' },
    lengths: { type: 'string', default: '1,2,3,4,6,8,12' },
    seed: { type: 'string', default: '1' },
    noise: { type: 'string', default: '1' },
  },
})

interface Machine {
  /** T(1) in milliseconds, and T(n)/T(1), straight lines between. */
  readonly ms: number
  readonly ratios: Readonly<Record<number, number>>
  /** A step of the draft model, in passes over one token. */
  readonly c: number
}

/**
 * Measured on two Zen 4 cores: with kernels of our own, at 1.1b and `prebuilt` with llama.cpp's; `xeon` is 350m on two of
 * Emerald Rapids. The GPU is made up.
 */
const machines: Record<string, Machine> = {
  '350m': {
    ms: 29,
    ratios: { 1: 1, 6: 1.02, 7: 1.15, 8: 1.19, 9: 1.43, 10: 1.47, 12: 1.65, 16: 2.1, 24: 2.9, 48: 5.5, 512: 55 },
    c: 0.094,
  },
  '1.1b': {
    ms: 86,
    ratios: { 1: 1, 2: 1.35, 4: 1.53, 6: 1.67, 7: 2.02, 9: 2.28, 16: 3.49, 48: 8.9, 512: 90 },
    c: 0.13,
  },
  xeon: {
    ms: 32,
    ratios: { 1: 1, 2: 1.07, 3: 1.11, 4: 1.165, 6: 1.3, 8: 1.42, 12: 1.85, 16: 2.3, 48: 6.3, 512: 64 },
    c: 0.053,
  },
  prebuilt: { ms: 26, ratios: { 1: 1, 2: 1.95, 4: 2.16, 6: 2.43, 9: 3.08, 16: 4.53, 48: 11, 512: 110 }, c: 0.14 },
  gpu: { ms: 20, ratios: { 1: 1, 512: 6 }, c: 0.1 },
}
const machine = machines[values.machine]
if (!machine) throw new Error(`--machine ${values.machine}: use ${Object.keys(machines).join(', ')}.`)
const list = (text: string): string[] => text.split(',').filter(Boolean)
const maxTokens = Number(values['max-tokens'])
const temperatures = list(values.temperatures).map(Number)
/** Whole stretches of so many tokens count, as in bench:guard. */
const stretch = 16
/** How far single passes are off what they usually take, and the curve of the load off what it should be. */
const noise = 0.05 * Number(values.noise)
const miscalibration = 0.12 * Number(values.noise)

/** The only clock there is. */
let now = 0
performance.now = () => now

let state = Number(values.seed)
const uniform = (): number => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}
/** About as likely to be too long as too short, and once in a hundred times half as long again. */
const luck = (): number => {
  const usual = Math.exp(noise * (uniform() + uniform() + uniform() - 1.5) * 2)
  return uniform() < noise / 5 ? 1.5 * usual : usual
}
const seedOf = (text: string): number => {
  let hash = 2_166_136_261
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16_777_619) >>> 0
  return hash
}

function passMs({ ms, ratios }: Machine, tokens: number): number {
  const widths = Object.keys(ratios).map(Number)
  const at = widths.findIndex((width) => width >= tokens)
  const [low, high] = [widths[Math.max(0, at - 1)]!, widths[at]!]
  const slope = high === low ? 0 : (ratios[high]! - ratios[low]!) / (high - low)
  return ms * (ratios[low]! + slope * (tokens - low))
}

/** `model`, whose passes take so long on our clock. */
function paced(model: LanguageModel, cost: (tokens: number) => number): LanguageModel {
  const wrap = (sequence: Sequence): Sequence => ({
    get tokens() {
      return sequence.tokens
    },
    get length() {
      return sequence.length
    },
    async forward(tokens, options): Promise<LogitsRows> {
      const rows = await sequence.forward(tokens, options)
      now += cost(tokens.length) * luck()
      return { count: rows.count, argmax: (row) => rows.argmax(row), row: (row) => rows.row(row) }
    },
    truncate: (length) => sequence.truncate(length),
    dispose: () => sequence.dispose(),
  })
  const { description, vocabSize, contextLength, tokenizer, capabilities } = model
  return {
    description,
    vocabSize,
    contextLength,
    tokenizer,
    capabilities,
    passCurve: Array.from({ length: 16 }, (_, i) => ({
      tokens: i + 1,
      ms: cost(i + 1) * Math.exp((2 * uniform() - 1) * miscalibration),
    })),
    createSequence: async () => wrap(await model.createSequence()),
    dispose: () => model.dispose(),
  }
}

const load = { gpu: false, contextSize: 1024, calibrate: false, threads: 1 } as const
const [model, small] = [
  await loadModel({ ...load, path: target }),
  await loadModel({ ...load, sequences: 2, path: draft }),
]
const prompts = schedule(await builtInPrompts([...promptKinds]), Number(values.prompts))
const plan = await withOwnEdits(prompts, { model, minTokens: maxTokens, maxTokens })

const sides = [
  { name: 'off', length: fixedLength(0) },
  { name: 'automatic', length: automaticLength() },
  ...list(values.lengths).map((gamma) => ({ name: gamma, length: fixedLength(Number(gamma)) })),
].map((side) => ({
  ...side,
  model: paced(model, (tokens) => passMs(machine, tokens)),
  draft: paced(small, (tokens) => machine.ms * machine.c * (0.9 + 0.1 * tokens)),
  strategies: new Map<string, ReturnType<(typeof drafters)[string]>>(),
}))

const cells = new Map<string, number[]>()
for (const prompt of plan.rounds.flat()) {
  for (const temperature of temperatures) {
    for (const name of list(values.strategies)) {
      if (name === 'prediction' && prompt.prediction === undefined) continue
      const tracks: number[][] = []
      for (const side of sides) {
        const key = `${temperature} ${name}`
        const made = side.strategies.get(key) ?? drafters[name]!(side.draft)
        side.strategies.set(key, made)
        state = seedOf(`${prompt.id} ${key} ${side.name} ${values.seed}`)
        const rounds = decodeRounds({
          model: side.model,
          prompt: prompt.text,
          strategy: typeof made === 'function' ? made(prompt) : made,
          length: side.length,
          temperature,
          minTokens: maxTokens,
          maxTokens,
          seed: 1,
        })
        // When each token was said, from the end of the first round on.
        const msAt = [0]
        for (let step = await rounds.next(); ; step = await rounds.next()) {
          const { tokens, ms } = step.value
          const [said, before] = [msAt.length - 1, msAt.at(-1)!]
          for (let i = 1; i <= tokens - said; i++) msAt.push(before + ((ms - before) * i) / (tokens - said))
          if (step.done) break
        }
        tracks.push(msAt)
      }
      const whole = Math.min(...tracks.map(({ length }) => Math.floor((length - 1) / stretch) * stretch))
      const cell = `${name.padEnd(12)} T ${String(temperature).padEnd(3)} ${prompt.kind}`
      const before = cells.get(cell) ?? sides.map(() => 0)
      cells.set(
        cell,
        before.map((ms, side) => ms + tracks[side]![whole]!),
      )
    }
  }
  console.error(`${prompt.kind} ${prompt.id}`)
}
await small.dispose()
await model.dispose()

const ratios = [...cells].map(([cell, ms]) => {
  const best = ms.reduce((least, each, side) => (side !== 1 && each < ms[least]! ? side : least), 0)
  const [ofOff, ofBest] = [ms[0]! / ms[1]!, ms[best]! / ms[1]!]
  console.log(
    `${cell.padEnd(26)} ${ofOff.toFixed(2)}x of off, ${ofBest.toFixed(2)}x of the best (${sides[best]!.name})`,
  )
  return { ofOff, ofBest }
})
const geometric = (of: readonly number[]): number =>
  Math.exp(of.reduce((sum, ratio) => sum + Math.log(ratio), 0) / of.length)
for (const [what, of, bound] of [
  ['off', ratios.map(({ ofOff }) => ofOff), 0.97],
  ['the best length', ratios.map(({ ofBest }) => ofBest), 0.95],
] as const) {
  console.log(
    `${of.length} cells, of ${what}: ${geometric(of).toFixed(3)}x in the geometric mean, at least ` +
      `${Math.min(...of).toFixed(3)}x, ${of.filter((ratio) => ratio < bound).length} below ${bound}`,
  )
}
