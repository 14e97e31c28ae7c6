import type { OnnxModel } from '@foretoken/backend-onnx'
import type { Sequence } from '@foretoken/core'
import type { ShapeName } from '@foretoken/demo-models'
import type { Goal } from '../../src/measure/goal.js'
import { mean } from '../../src/measure/statistics.js'
import { builtInPrompts } from '../../src/models/prompts.js'
import { load, targetFile } from './files.js'
import { StockPasses } from './stock.js'

const widths = [1, 2, 4, 8]
const contexts = [128, 2000]
const turns = 32
const warmUp = 4

/** The file as it is beside what becomes of it when it is loaded: passes of several widths, one for one in turn. */
export async function patchedArithmetic(size: ShapeName): Promise<Goal[]> {
  const file = await targetFile(size, 'q4')
  const patched = await load(file)
  try {
    console.error(patched.description)
    const goals: Goal[] = []
    for (const context of contexts) goals.push(...(await compare(size, file, patched, context)))
    return goals
  } finally {
    await patched.dispose()
  }
}

async function compare(size: ShapeName, file: string, patched: OnnxModel, context: number): Promise<Goal[]> {
  const tokens = await codeOf(patched, context)
  const stock = await StockPasses.open(file, patched.threads, tokens)
  const sequence = await begin(patched, tokens)
  try {
    const sides = [
      (width: number) => stock.pass(tokens.slice(0, width)),
      (width: number) => pass(sequence, tokens.slice(0, width)),
    ] as const
    const times = sides.map(() => new Map<number, number[]>(widths.map((width) => [width, []])))
    for (let turn = 0; turn < warmUp + turns; turn++) {
      for (const width of widths) {
        for (const side of turn % 2 === 0 ? [0, 1] : [1, 0]) {
          const ms = await sides[side]!(width)
          if (turn >= warmUp) times[side]!.get(width)!.push(ms)
        }
      }
    }
    return widths.map((width) => {
      const [theirs, ours] = times.map((of) => of.get(width)!) as [number[], number[]]
      const growth = times.map((of) => (mean(of.get(width)!) / mean(of.get(1)!)).toFixed(2))
      return {
        name: `q4 changed over stock, ${size}, ${context} tokens of context, pass of ${width}`,
        ...(width === 1 && { wanted: 3 }),
        theirs,
        ours,
        ...(width > 1 && { note: `T(${width})/T(1): ${growth[0]} stock, ${growth[1]} changed` }),
      }
    })
  } finally {
    await sequence.dispose()
    await stock.release()
  }
}

async function codeOf({ tokenizer }: OnnxModel, context: number): Promise<number[]> {
  const text = (await builtInPrompts(['code'])).map((prompt) => prompt.text).join('\n')
  return tokenizer.encode(text).slice(0, context)
}

async function begin(model: OnnxModel, tokens: readonly number[]): Promise<Sequence> {
  const sequence = await model.createSequence()
  await sequence.forward(tokens, { outputs: 'none' })
  return sequence
}

/** @returns Milliseconds. The sequence is as it was. */
async function pass(sequence: Sequence, tokens: readonly number[]): Promise<number> {
  const { length } = sequence
  const started = performance.now()
  await sequence.forward(tokens, { outputs: 'all' })
  const ms = performance.now() - started
  await sequence.truncate(length)
  return ms
}
