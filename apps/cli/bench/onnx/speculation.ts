import { automaticLength, draftModel, fixedLength } from '@foretoken/core'
import type { ShapeName } from '@foretoken/demo-models'
import { type Decoded, decodeRounds } from '../../src/measure/decode.js'
import type { Goal } from '../../src/measure/goal.js'
import { inStep, stretches, type Track } from '../../src/measure/in-step.js'
import { builtInPrompts } from '../../src/models/prompts.js'
import { draftFile, load, targetFile } from './files.js'

const texts = 4
const maxTokens = 96
const stretch = 16
/** What the demo models were trained on. */
const contextSize = 1024

/** The draft model, at the automatic length, beside plain decoding: round by round in turn, in the same texts. */
export async function speculation(size: ShapeName): Promise<Goal[]> {
  const file = await targetFile(size, 'fp32')
  // Both are under way at once, so each has a model of its own.
  const plain = await load(file, { contextSize })
  const model = await load(file, { contextSize, calibrate: 'auto' })
  const drafting = await load(await draftFile(size), { contextSize, calibrate: 'auto' })
  try {
    console.error(`${model.description}; draft: ${drafting.description}`)
    // What it learns of the machine, it learns once: as in a program that goes on.
    const strategy = draftModel({ model: drafting })
    const length = automaticLength()
    const common = { temperature: 0, minTokens: maxTokens, maxTokens }
    const tracks: Track<Decoded>[][] = []
    for (const { id, text: prompt } of (await builtInPrompts(['code'])).slice(0, texts + 1)) {
      tracks.push(
        (await inStep<Decoded | { tokens: number; ms: number }>([
          decodeRounds({ ...common, model: plain, prompt, length: fixedLength(0) }),
          decodeRounds({ ...common, model, prompt, strategy, length }),
        ])) as Track<Decoded>[],
      )
      console.error(id)
    }
    // The first text warms up.
    const counted = tracks.slice(1)
    const perToken = (side: number): number[] =>
      counted.flatMap((track) => stretches(track[side]!, stretch).map((ms) => ms / stretch))
    const equal = counted.filter(([one, other]) => one!.result.result.text === other!.result.result.text).length
    const stats = counted.map(([, drafted]) => drafted!.result.result.stats)
    const total = (of: (each: (typeof stats)[number]) => number): number =>
      stats.reduce((sum, each) => sum + of(each), 0)
    const [accepted, passes] = [total((each) => each.accepted), total((each) => each.passes)]
    return [
      {
        name: 'speculation over plain, fp32',
        wanted: 1.8,
        theirs: perToken(0),
        ours: perToken(1),
        note: `tau ${((accepted + passes) / passes).toFixed(2)}, texts equal: ${equal} of ${counted.length}`,
      },
    ]
  } finally {
    for (const each of [drafting, model, plain]) await each.dispose()
  }
}
