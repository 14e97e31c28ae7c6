import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { target } from '@foretoken/demo-models'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { graphFields, modelFields, tensorFields } from '../graph/onnx-fields.js'
import { readGraph } from '../graph/read-graph.js'
import { fieldsOf } from '../protobuf/fields.js'
import { coremlOperators, largestDimension } from './coreml-operators.js'
import { exportOnnx } from './index.js'
import { staticFile } from './static-names.js'
import { type TinyDecoder, writeTinyDecoder } from './tiny-decoder.js'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foretoken-coreml-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** The sizes of a graph's constants. */
function constantSizes(model: Uint8Array): number[] {
  const inside = (message: Uint8Array, field: number) => [...fieldsOf(message)].filter(({ number }) => number === field)
  const graph = inside(model, modelFields.graph)[0]!.content
  return inside(graph, graphFields.initializer).flatMap((constant) =>
    inside(constant.content, tensorFields.dimensions).map((size) => Number(size.integer)),
  )
}

const wide: TinyDecoder = { architecture: 'llama', vocabulary: widest(largestDimension + 100) }

const wideTied: TinyDecoder = { ...wide, tied: true }

function widest(size: number) {
  const tokens = Array.from({ length: size }, (_, id) => `token${id}`)
  return { model: 'gpt2', pre: 'gpt-2', tokens, types: tokens.map(() => 1), merges: ['t o'] }
}

it.each<[string, TinyDecoder | undefined]>([
  ['the demo target', undefined],
  ['qwen2', { architecture: 'qwen2', biases: ['q', 'k', 'v'] }],
  ['qwen3', { architecture: 'qwen3', headNorms: true }],
  ['a large vocabulary', wide],
  ['a large vocabulary, tied', wideTied],
])('takes every node of the static graphs: %s', async (name, decoder) => {
  const path = decoder ? join(directory, `${name}.gguf`) : target
  if (decoder) await writeTinyDecoder(path, decoder)
  const folder = join(directory, name)
  await exportOnnx(path, folder, { static: { buckets: [1, 8], contextLength: 64 } })
  for (const tokens of [1, 8]) {
    const model = await readFile(join(folder, 'onnx', staticFile.decoder('', tokens)))
    const { operators, inputs, outputs } = readGraph(model)
    expect([...operators.keys()].filter((operator) => !coremlOperators.has(operator))).toEqual([])
    expect(operators.get('MatMul')).toBeGreaterThan(10)
    const sizes = [...inputs, ...outputs].flatMap(({ dimensions }) => dimensions)
    for (const size of [...sizes, ...constantSizes(model)]) {
      expect(size).toBeTypeOf('number')
      expect(size).toBeGreaterThan(0)
      expect(size).toBeLessThanOrEqual(largestDimension)
    }
    const logits = outputs.filter((output) => output.name.startsWith('logits'))
    expect(logits.map(({ dimensions }) => dimensions[2])).toEqual(
      decoder?.vocabulary ? [largestDimension, 100] : [decoder ? 256 : 4096],
    )
  }
})
