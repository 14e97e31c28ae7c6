/**
 * Never slower? The automatic draft length beside no drafts at all, and beside every fixed length, round by round in turn
 * on the same prompts: content x temperature x strategy, drafters that are always wrong included.
 *
 * Each ratio is given twice: of the times as they were, and with each round as long as such rounds usually took in this run
 * (see usual-times.ts). The first has all the noise of the machine in it, the second what was decided and what that costs.
 *
 *     npm run bench:guard -- [--size 350m] [--content code,edits] [--temperatures 0,1] [--strategies draft-model,random]
 *                            [--prompts 3] [--max-tokens 64] [--lengths 1,2,3,4,6,8,12] [--json file]
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { loadModel } from '@foretoken/backend-llama'
import {
  automaticLength,
  draftModel,
  type DraftStrategy,
  fixedLength,
  type LanguageModel,
  type LengthPolicy,
  prediction,
  router,
  type Sequence,
  suffixDecoding,
  tokenRecycling,
} from '@foretoken/core'
import {
  draft,
  draftShapes,
  ensureInflated,
  inflationNote,
  promptKinds,
  type ShapeName,
  target,
} from '@foretoken/demo-models'
import { withOwnEdits } from '../src/bench/own-edits.js'
import { schedule } from '../src/bench/schedule.js'
import type { ContestPrompt } from '../src/measure/contest.js'
import { decodeRounds } from '../src/measure/decode.js'
import { inStep, stretches } from '../src/measure/in-step.js'
import { type Interval, ratioInterval } from '../src/measure/statistics.js'
import { recording, type TimedRound, UsualRounds } from '../src/measure/usual-times.js'
import { builtInPrompts } from '../src/models/prompts.js'
import { randomTokens, unrelated } from './wrong-drafts.js'

const { values } = parseArgs({
  options: {
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
const size = values.size as ShapeName
const maxTokens = Number(values['max-tokens'])
const kinds = list(values.content)
const temperatures = list(values.temperatures).map(Number)
/** Tokens whose times are compared as one: the more stretches, the better chance can be told from a difference. */
const stretch = 16

type Making = (prompt: ContestPrompt) => DraftStrategy | undefined
const makers: Record<string, (draft: LanguageModel) => DraftStrategy | Making> = {
  auto: (draft) => router(suffixDecoding(), draftModel({ model: draft })),
  'draft-model': (draft) => draftModel({ model: draft }),
  suffix: () => suffixDecoding(),
  recycling: () => tokenRecycling(),
  prediction:
    () =>
    ({ prediction: text }) =>
      text === undefined ? undefined : prediction({ text }),
  random: () => randomTokens(),
  unrelated: (draft) => draftModel({ model: unrelated(draft) }),
}

/** All are under way at once, so each has models of its own; the weights lie in memory once. */
interface Side {
  readonly name: string
  readonly length: LengthPolicy
  readonly model: LanguageModel
  readonly draft: LanguageModel
  /** By cell but for its content: what a strategy has seen and the guard has learned goes on from text to text. */
  readonly strategies: Map<string, DraftStrategy | Making>
}

const load = { gpu: false, contextSize: 1024 } as const
const targetPath = (await ensureInflated({ source: target, shape: size, type: 'F16' })).path
const draftPath = (await ensureInflated({ source: draft, shape: draftShapes[size], type: 'Q4_0' })).path
const sides: Side[] = []
for (const [name, length] of [
  ['off', fixedLength(0)],
  ['automatic', automaticLength()],
  ...list(values.lengths).map((gamma) => [gamma, fixedLength(Number(gamma))] as const),
] as const) {
  const model = await loadModel({ ...load, path: targetPath })
  const drafting = await loadModel({ ...load, sequences: 2, path: draftPath })
  if (sides.length === 0) console.log(`${model.description}\n${drafting.description}\n${inflationNote}\n`)
  sides.push({ name, length, model, draft: drafting, strategies: new Map() })
}

const small = await loadModel({ ...load, path: target })
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
          const strategy = (!warming && strategies.get(key)) || makers[name]!(draft)
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

const report = [...cells].map(([key, { temperature, strategy, times, rounds }]) => {
  const typical = sides.map((): number[] => [])
  for (const ofPrompt of rounds) {
    addStretches(
      typical,
      ofPrompt.map((each, side) => usual.track(drafterOf(temperature, strategy, side), each)),
    )
  }
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
if (values.json) await writeFile(values.json, JSON.stringify({ size, maxTokens, stretch, cells: report }, null, 2))

function within(value: number, { low, high }: Interval): string {
  return `${value.toFixed(3)}x (${low.toFixed(3)}-${high.toFixed(3)})`
}
