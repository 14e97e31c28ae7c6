/**
 * What is wanted of the ONNX backend, measured: speculation over plain decoding, plain decoding over transformers.js, and
 * 4-bit weights with their arithmetic changed over the same as they come. Sides of a comparison run in turn. The models are
 * the demo pair, inflated and converted.
 *
 *     npm run bench:onnx -- [--size 350m] [--only speculation|plain|patch] [--json file]
 */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { inflationNote, type ShapeName } from '@foretoken/demo-models'
import { type Goal, outcome, outcomeLines } from '../src/measure/goal.js'
import { patchedArithmetic } from './onnx/patch.js'
import { plainDecoding } from './onnx/plain.js'
import { speculation } from './onnx/speculation.js'

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '350m' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
})
const size = values.size as ShapeName
const interrupted = new AbortController()
process.once('SIGINT', () => {
  interrupted.abort()
  process.exit(130)
})

const parts: Record<string, () => Promise<Goal[]>> = {
  speculation: () => speculation(size),
  plain: () => plainDecoding(size, interrupted.signal),
  // The larger the model, the less of a pass is something else.
  patch: async () => [...(await patchedArithmetic(size)), ...(await patchedArithmetic('1.1b'))],
}
if (values.only !== undefined && !Object.hasOwn(parts, values.only)) {
  throw new Error(`--only ${values.only}: use ${Object.keys(parts).join(', ')}.`)
}
const goals: Goal[] = []
for (const [name, measure] of Object.entries(parts)) {
  if (values.only === undefined || values.only === name) goals.push(...(await measure()))
}
const outcomes = goals.map(outcome)
console.log(`${outcomeLines(outcomes).join('\n')}\n${inflationNote}`)
if (values.json) await writeFile(values.json, `${JSON.stringify({ ...values, outcomes }, null, 2)}\n`)
