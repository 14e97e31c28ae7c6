/**
 * Never slower? The automatic draft length beside no drafts at all, and beside every fixed length, round by round in turn
 * on the same prompts: content x temperature x strategy, drafters that are always wrong included.
 *
 * Each ratio is given twice: of the times as they were, and with each round as long as such rounds usually took in this run
 * (see usual-times.ts). The first has all the noise of the machine in it, the second what was decided and what that costs.
 *
 *     npm run bench:guard -- [--backend onnx] [--size 350m] [--content code,edits] [--temperatures 0,1]
 *                            [--strategies draft-model,random] [--prompts 3] [--max-tokens 64]
 *                            [--lengths 1,2,3,4,6,8,12] [--json file]
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { automaticLength, fixedLength, type LengthPolicy, type Sequence } from '@foretoken/core'
import { promptKinds } from '@foretoken/demo-models'
import { withOwnEdits } from '../src/bench/own-edits.js'
import { schedule } from '../src/bench/schedule.js'
import { noteOn, prepare } from '../src/demo/prepare.js'
import type { Size } from '../src/demo/sizes.js'
import { decodeRounds } from '../src/measure/decode.js'
import { inStep, stretches } from '../src/measure/in-step.js'
import { type Interval, ratioInterval } from '../src/measure/statistics.js'
import { recording, type TimedRound, UsualRounds } from '../src/measure/usual-times.js'
import { type Backend, backends } from '../src/models/backend.js'
import { modelFiles } from '../src/models/files.js'
import { openModel } from '../src/models/load.js'
import { builtInPrompts } from '../src/models/prompts.js'
import { drafters, type Drafting } from './guard/drafters.js'
import { openPairs, type Pair } from './pairs.js'

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'llama' },
    size: { type: 'string', default: '350m' },
    content: { type: 'string', default: promptKinds.join(',') },
    temperatures: { type: 'string', default: '0,0.7,1' },
    strategies: { type: 'string', default: 'auto,draft-model,suffix,recycling,prediction,random,unrelated' },
    prompts: { type: 'string', default: '3' },
    'max-tokens': { type: 'string', default: '64' },
    lengths: { type: 'string', default: '1,2,3,4,6,8,12' },
    json: { type: 'string' },
  },
})
const list = (text: string): string[] => text.split(',').filter(Boolean)
const backend = values.backend as Backend
if (!backends.includes(backend)) throw new Error(`--backend ${backend}: use ${backends.join(' or ')}.`)
const size = values.size as Size
const maxTokens = Number(values['max-tokens'])
const kinds = list(values.content)
const temperatures = list(values.temperatures).map(Number)
/** Tokens whose times are compared as one: the more stretches, the better chance can be told from a difference. */
const stretch = 16

/** All are under way at once. */
interface Side extends Pair {
  readonly name: string
  readonly length: LengthPolicy
  /** By cell but for its content: what a strategy has seen and the guard has learned goes on from text to text. */
  readonly strategies: Map<string, Drafting>
}

const terminal = {
  out: process.stdout,
  err: process.stderr,
  input: process.stdin,
  env: process.env,
  // Ctrl-C ends the process itself.
  signal: new AbortController().signal,
}
const contextSize = 1024
const demo = modelFiles({ backend })
const files = await prepare(demo, size, terminal)
const lengths: [name: string, length: LengthPolicy][] = [
  ['off', fixedLength(0)],
  ['automatic', automaticLength()],
  ...list(values.lengths).map((gamma): [string, LengthPolicy] => [gamma, fixedLength(Number(gamma))]),
]
const pairs = await openPairs({ backend, files, count: lengths.length, contextSize }, terminal)
const sides = lengths.map(([name, length], i): Side => ({ ...pairs[i]!, name, length, strategies: new Map() }))
console.log(`${sides[0]!.model.description}\n${sides[0]!.draft.description}\n${noteOn(true, files)}\n`)

const small = await openModel(demo.target, { backend, gpu: false, device: 'cpu', context: contextSize }, terminal)
const plan = await withOwnEdits(schedule(await builtInPrompts(kinds), Number(values.prompts)), {
  model: small,
  minTokens: maxTokens,
  maxTokens,
})
await small.dispose()

/** What is called one drafter: what a draft costs depends on who drafts, how tokens are drawn, and who decides on lengths. */
const drafterOf = (temperature: number, strategy: string, side: number): string =>
  `${strategy} at ${temperature}, ${sides[side]!.name === 'automatic' ? 'automatic' : 'fixed'}`

/** The generations of a cell: for each side the times of its stretches, and its rounds by prompt. */
interface Cell {
  readonly temperature: number
  readonly strategy: string
  readonly times: number[][]
  readonly rounds: TimedRound[][][]
}
const cells = new Map<string, Cell>()
const usual = new UsualRounds()
for (const prompt of [plan.warmUp, ...plan.rounds.flat()]) {
  const sequences: Sequence[] = []
  for (const { model } of sides) {
    const sequence = await model.createSequence()
    sequences.push(sequence)
    await sequence.forward(model.tokenizer.encode(prompt.text, { start: true }).slice(0, -1), { outputs: 'none' })
  }
  for (const temperature of temperatures) {
    for (const name of list(values.strategies)) {
      if (name === 'prediction' && prompt.prediction === undefined) continue
      // What is warmed up is the machine, not the guard: the first prompt's strategies are thrown away.
      const warming = prompt === plan.warmUp
      const rounds = sides.map((): TimedRound[] => [])
      const tracks = await inStep(
        sides.map(({ model, draft, length, strategies }, side) => {
          const key = `${temperature} ${name}`
          const strategy = (!warming && strategies.get(key)) || drafters[name]!(draft)
          if (!warming) strategies.set(key, strategy)
          return decodeRounds({
            model,
            prompt: prompt.text,
            sequence: sequences[side],
            strategy: typeof strategy === 'function' ? strategy(prompt) : strategy,
            length: recording(length, rounds[side]!),
            temperature,
            minTokens: maxTokens,
            maxTokens: warming ? stretch + 1 : maxTokens,
            // With a seed, drafts are judged so that the text depends on the seed alone: all sides say the same.
            seed: 1,
          })
        }),
      )
      if (warming) continue
      const key = `${prompt.kind}/${temperature}/${name}`
      const cell = cells.get(key) ?? { temperature, strategy: name, times: sides.map(() => []), rounds: [] }
      cells.set(key, cell)
      addStretches(cell.times, tracks)
      cell.rounds.push(rounds)
      for (const [side, each] of rounds.entries()) {
        for (const round of each.slice(1)) usual.add(drafterOf(temperature, name, side), round)
      }
    }
  }
  for (const sequence of sequences) await sequence.dispose()
  console.error(`${prompt.kind} ${prompt.id}`)
}
for (const { model, draft } of sides) {
  await draft.dispose()
  await model.dispose()
}

const sum = (times: readonly number[]): number => times.reduce((all, ms) => all + ms, 0)
/** Adds the stretches of one prompt that all sides have. */
function addStretches(times: number[][], tracks: readonly { readonly msAt: readonly number[] }[]): void {
  const found = tracks.map((track) => stretches(track, stretch))
  const whole = Math.min(...found.map(({ length }) => length))
  for (const [side, each] of found.entries()) times[side]!.push(...each.slice(0, whole))
}

/** The automatic length beside none, and beside the best fixed one, chosen afterwards. */
function compare(times: readonly number[][]) {
  const [off, automatic] = times as [number[], number[]]
  const totals = times.map(sum)
  const best = totals.reduce((least, ms, side) => (side !== 1 && ms < totals[least]! ? side : least), 0)
  return {
    overOff: totals[0]! / totals[1]!,
    interval: ratioInterval(off, automatic),
    best: sides[best]!.name,
    overBest: totals[best]! / totals[1]!,
    bestInterval: ratioInterval(times[best]!, automatic),
    // So that anybody can reckon anew.
    milliseconds: Object.fromEntries(sides.map(({ name }, side) => [name, times[side]!])),
  }
}

/**
 * The automatic length beside the fixed one that was best on the cell's other prompts: what somebody who searches gets. (The
 * best one of a cell is in part the luckiest.)
 *
 * @param prompts The milliseconds of each side, by prompt. One prompt has no others.
 */
function overFound(prompts: readonly (readonly number[])[]): number {
  let found = 0
  for (const [index, times] of prompts.entries()) {
    const others = sides.map((_, side) =>
      sum(prompts.filter((__, other) => other !== index).map((each) => each[side]!)),
    )
    found += times[others.reduce((least, ms, side) => (side !== 1 && ms < others[least]! ? side : least), 0)]!
  }
  return prompts.length < 2 ? NaN : found / sum(prompts.map((times) => times[1]!))
}

const report = [...cells].map(([key, { temperature, strategy, times, rounds }]) => {
  const typical = sides.map((): number[] => [])
  const prompts = rounds.map((ofPrompt) => {
    const own = sides.map((): number[] => [])
    addStretches(
      own,
      ofPrompt.map((each, side) => usual.track(drafterOf(temperature, strategy, side), each)),
    )
    for (const [side, each] of own.entries()) typical[side]!.push(...each)
    return own.map(sum)
  })
  const drafted = sides.map((_, side) => {
    const all = rounds.flatMap((ofPrompt) => ofPrompt[side]!.slice(1))
    return sum(all.map((round) => round.drafted)) / all.length
  })
  return {
    kind: key.split('/')[0]!,
    temperature,
    strategy,
    drafted: Object.fromEntries(sides.map(({ name }, side) => [name, drafted[side]!])),
    measured: compare(times),
    usual: compare(typical),
    overFound: overFound(prompts),
  }
})
for (const [way, title] of [
  ['measured', 'as measured'],
  ['usual', 'each round as long as such rounds usually are'],
] as const) {
  console.log(`\n${title}`)
  for (const { kind, temperature, strategy, drafted, [way]: found } of report) {
    const { overOff, interval, best, overBest, bestInterval } = found
    console.log(
      `T ${String(temperature).padEnd(3)}  ${strategy.padEnd(12)} ${kind.padEnd(6)} ${within(overOff, interval)} of off, ` +
        `${within(overBest, bestInterval)} of the best length (${best}), drafts of ${drafted.automatic!.toFixed(1)}`,
    )
  }
  for (const name of list(values.strategies)) {
    const all = report.filter(({ strategy }) => strategy === name).map((cell) => cell[way].milliseconds)
    const [off, automatic] = ['off', 'automatic'].map((side) => all.flatMap((cell) => cell[side]!)) as [
      number[],
      number[],
    ]
    if (off.length === 0) continue
    console.log(`all ${name}: ${within(sum(off) / sum(automatic), ratioInterval(off, automatic))} of off`)
  }
  for (const [what, bound, of] of [
    ['of off', 0.97, report.map((cell) => [cell[way].overOff, cell[way].interval] as const)],
    ['of the best length', 0.95, report.map((cell) => [cell[way].overBest, cell[way].bestInterval] as const)],
  ] as const) {
    const below = of.filter(([ratio]) => ratio < bound)
    const surely = below.filter(([, { high }]) => high < bound)
    console.log(
      `${report.length} cells: ${below.length} below ${bound} ${what}, ${surely.length} of them with their whole interval`,
    )
  }
}
const found = report.map((cell) => cell.overFound).filter(Number.isFinite)
if (found.length > 0) {
  const mean = Math.exp(sum(found.map(Math.log)) / found.length)
  console.log(
    `of the length that was best on the cell's other prompts: ${mean.toFixed(3)}x in the geometric mean, ` +
      `${found.filter((ratio) => ratio < 0.95).length} of ${found.length} below 0.95`,
  )
}
if (values.json)
  await writeFile(values.json, JSON.stringify({ backend, size, maxTokens, stretch, cells: report }, null, 2))

function within(value: number, { low, high }: Interval): string {
  return `${value.toFixed(3)}x (${low.toFixed(3)}-${high.toFixed(3)})`
}
