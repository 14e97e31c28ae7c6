import type { OnnxModel } from '@foretoken/backend-onnx'
import type { ShapeName } from '@foretoken/demo-models'
import type { Decoding } from '../../../../bench/peers/contender.js'
import { transformersOn } from '../../../../bench/peers/transformers/peer.js'
import { decode } from '../../src/measure/decode.js'
import type { Goal } from '../../src/measure/goal.js'
import { builtInPrompts } from '../../src/models/prompts.js'
import { load, targetFile, type Type } from './files.js'

const turns = 6
/** The first comes with the prompt, and is not timed. */
const maxTokens = 41
const leastTimed = 32
const wanted = new Map([
  [128, 1],
  [2000, 1.3],
])

interface Side {
  readonly name: string
  decode(prompt: string): Promise<Decoding>
}

/** Plain decoding beside transformers.js on the same files: whole texts in turn, the reading of the prompt not timed. */
export async function plainDecoding(size: ShapeName, signal: AbortSignal): Promise<Goal[]> {
  return [...(await onFile(size, 'fp32', signal)), ...(await onFile(size, 'q4', signal))]
}

async function onFile(size: ShapeName, type: Type, signal: AbortSignal): Promise<Goal[]> {
  const file = await targetFile(size, type)
  const model = await load(file)
  // Of 4 bits both: what our change of the arithmetic brings, and what we are without it.
  const exact = type === 'q4' ? await load(file, { exact: true }) : undefined
  const setup = { draft: '', temperature: 0, contextSize: model.contextLength, seed: 1, signal }
  const peer = await transformersOn({ ...setup, target: file, threads: model.threads, maxTokens })
  try {
    console.error(model.description)
    const theirs: Side = { name: 'transformers.js', decode: (prompt) => peer.contenders[0]!.decode(prompt) }
    const ours = [ourSide(type, model), ...(exact ? [ourSide(`${type} exact`, exact)] : [])]
    const goals: Goal[] = []
    for (const [context, least] of wanted) goals.push(...(await compare(theirs, ours, model, context, least)))
    return goals
  } finally {
    await peer.close?.()
    await exact?.dispose()
    await model.dispose()
  }
}

function ourSide(name: string, model: OnnxModel): Side {
  return {
    name,
    async decode(prompt) {
      const { tokens, ms, result } = await decode({ model, prompt, maxTokens, temperature: 0 })
      return { tokens, ms, text: result.text }
    },
  }
}

async function compare(
  theirs: Side,
  ours: readonly Side[],
  { tokenizer }: OnnxModel,
  context: number,
  least: number,
): Promise<Goal[]> {
  const sides = [theirs, ...ours]
  const times = new Map<Side, { msPerToken: number; text: string }[]>(sides.map((side) => [side, []]))
  // The first warms up.
  for (let turn = 0; turn <= turns; turn++) {
    const prompt = await codeOf(tokenizer, context, turn)
    const decodings = new Map<Side, Decoding>()
    for (const side of turn % 2 === 0 ? sides : sides.toReversed()) decodings.set(side, await side.decode(prompt))
    const shown = sides.map((side) => `${side.name} ${perToken(decodings.get(side)!).toFixed(2)}`).join(', ')
    console.error(`${context} tokens of context, turn ${turn}: ${shown} ms a token`)
    if (turn === 0) continue
    if ([...decodings.values()].some(({ tokens }) => tokens < leastTimed)) continue
    for (const [side, decoding] of decodings) {
      times.get(side)!.push({ msPerToken: perToken(decoding), text: decoding.text })
    }
  }
  const said = times.get(theirs)!
  return ours.map((side, index) => {
    const own = times.get(side)!
    const equal = own.filter(({ text }, turn) => text === said[turn]!.text).length
    return {
      name: `plain over transformers.js, ${side.name}, ${context} tokens of context`,
      ...(index === 0 && { wanted: least }),
      theirs: said.map(({ msPerToken }) => msPerToken),
      ours: own.map(({ msPerToken }) => msPerToken),
      note: `texts equal: ${equal} of ${own.length}`,
    }
  })
}

function perToken({ tokens, ms }: Decoding): number {
  return ms / tokens
}

/** Code of so many tokens, other for each turn. */
async function codeOf(tokenizer: OnnxModel['tokenizer'], tokens: number, turn: number): Promise<string> {
  const prompts = (await builtInPrompts(['code'])).map(({ text }) => text)
  const from = (turn * 5) % prompts.length
  const text = [...prompts.slice(from), ...prompts.slice(0, from)].join('\n')
  return tokenizer.decode(tokenizer.encode(text).slice(0, tokens))
}
