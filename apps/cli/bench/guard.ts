/**
 * Never slower? The automatic draft length beside no drafts at all, and beside every fixed length, in turn on the same
 * prompts: content x temperature x strategy, drafters that are always wrong included.
 *
 *     npm run bench:guard -- [--size 350m] [--content code,edits] [--temperatures 0,1] [--strategies draft-model,random]
 *                            [--prompts 3] [--max-tokens 64] [--lengths 1,2,3,4,6,8,12,16] [--json file]
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
  prediction,
  router,
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
import { type Contender, type ContestPrompt, heat } from '../src/measure/contest.js'
import { tokensPerSecond } from '../src/measure/decode.js'
import { bootstrapInterval, geometricMean } from '../src/measure/statistics.js'
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
    lengths: { type: 'string', default: '1,2,3,4,6,8,12,16' },
    json: { type: 'string' },
  },
})
const list = (text: string): string[] => text.split(',').filter(Boolean)
const size = values.size as ShapeName
const maxTokens = Number(values['max-tokens'])
const lengths = list(values.lengths).map(Number)

const load = { gpu: false, contextSize: 1024 } as const
const model = await loadModel({
  ...load,
  path: (await ensureInflated({ source: target, shape: size, type: 'F16' })).path,
})
const drafting = await loadModel({
  ...load,
  sequences: 2,
  path: (await ensureInflated({ source: draft, shape: draftShapes[size], type: 'Q4_0' })).path,
})
console.log(`${model.description}\n${drafting.description}\n${inflationNote}\n`)

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
  random: () => randomTokens,
  unrelated: (draft) => draftModel({ model: unrelated(draft) }),
}

const small = await loadModel({ ...load, path: target })
const kinds = list(values.content)
const plan = await withOwnEdits(schedule(await builtInPrompts(kinds), Number(values.prompts)), {
  model: small,
  minTokens: maxTokens,
  maxTokens,
})
await small.dispose()

const cells = []
for (const temperature of list(values.temperatures).map(Number)) {
  const generate = {
    temperature,
    minTokens: maxTokens,
    maxTokens,
    seed: 1,
    ...(temperature > 0 && { verifier: 'block' as const }),
  }
  for (const name of list(values.strategies)) {
    // Strategies of their own for each side: some remember, and what the guard has learned belongs to the automatic one.
    const side = (length: Contender['length'], label: string): Contender => ({
      name: label,
      strategy: makers[name]!(drafting),
      length,
    })
    const contenders: Contender[] = [
      { name: 'off' },
      side(automaticLength(), 'automatic'),
      ...lengths.map((gamma) => side(fixedLength(gamma), String(gamma))),
    ]
    await heat({
      model,
      contenders,
      prompt: plan.warmUp,
      index: 0,
      generate: { ...generate, maxTokens: 16 },
      sharePrompt: true,
    })
    for (const kind of kinds) {
      const speeds: number[][] = []
      for (const [index, round] of plan.rounds.entries()) {
        const prompt = round.find((each) => each.kind === kind)!
        if (name === 'prediction' && prompt.prediction === undefined) continue
        const { runs } = await heat({ model, contenders, prompt, index, generate, sharePrompt: true })
        speeds.push(runs.map((run) => tokensPerSecond([run])))
      }
      if (speeds.length === 0) continue
      const against = (side: number): number[] => speeds.map((speed) => speed[1]! / speed[side]!)
      const best = contenders
        .map((_, side) => side)
        .reduce((a, b) => (mean(speeds, b) > mean(speeds, a) && b !== 1 ? b : a), 0)
      const cell = {
        kind,
        temperature,
        strategy: name,
        overOff: geometricMean(against(0)),
        interval: bootstrapInterval(against(0)),
        best: contenders[best]!.name,
        overBest: geometricMean(against(best)),
        bestInterval: bootstrapInterval(against(best)),
        ratios: against(0),
      }
      cells.push(cell)
      console.log(
        `T ${temperature}  ${name.padEnd(12)} ${kind.padEnd(6)} ${within(cell.overOff, cell.interval)} of off, ` +
          `${within(cell.overBest, cell.bestInterval)} of the best length (${cell.best})`,
      )
    }
  }
}
await model.dispose()
await drafting.dispose()

const all = cells.flatMap(({ ratios }) => ratios)
console.log(`\nall cells: ${within(geometricMean(all), bootstrapInterval(all))} of off`)
const slow = cells.filter(({ overOff }) => overOff < 0.97)
const surely = slow.filter(({ interval }) => interval.high < 0.97)
console.log(
  `${cells.length} cells, ${slow.length} below 0.97 of off, ${surely.length} of them with their whole interval`,
)
const worse = cells.filter(({ overBest }) => overBest < 0.95)
const surelyWorse = worse.filter(({ bestInterval }) => bestInterval.high < 0.95)
console.log(
  `${worse.length} below 0.95 of the best fixed length, ${surelyWorse.length} of them with their whole interval`,
)
if (values.json) await writeFile(values.json, JSON.stringify({ size, maxTokens, lengths, cells }, null, 2))

function mean(speeds: readonly (readonly number[])[], side: number): number {
  return geometricMean(speeds.map((speed) => speed[side]!))
}

function within(value: number, { low, high }: { low: number; high: number }): string {
  return `${value.toFixed(2)}x (${low.toFixed(2)}-${high.toFixed(2)})`
}
