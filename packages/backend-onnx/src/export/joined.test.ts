import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { target } from '@foretoken/demo-models'
import { readGguf } from '@foretoken/gguf'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { patchGraph } from '../patch/index.js'
import { architectureOf } from './architecture.js'
import { DataFile } from './data-file.js'
import { GraphBuilder } from './graph-builder.js'
import { storedTensors } from './joined.js'
import { writeTinyDecoder } from './tiny-decoder.js'
import { Weights } from './weights.js'
import { writeWeights } from './write-weights.js'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'foretoken-joined-'))
})
afterAll(() => rm(directory, { recursive: true }))

describe('queries, keys and values in one product', () => {
  it.each(['fp32', 'fp16', 'q4'] as const)('have the bits that they have in three: %s', async (type) => {
    const source = await readGguf(target)
    const architecture = architectureOf(source)
    const handle = await open(join(directory, `${type}.data`), 'w')
    const data = new DataFile(handle, `${type}.data`)
    for (const joined of [false, true]) await writeWeights(source, architecture, data, { type, positions: 1, joined })
    await handle.close()

    const graph = new GraphBuilder('one and three')
    const weights = new Weights(data.places, architecture.tied)
    const x = graph.input('x', 'float', [1, 'tokens', architecture.hidden])
    const give = (value: string, name: string): void => {
      graph.node('Identity', [value], { outputs: [name] })
      graph.output(name, 'float', [1, 'tokens', 'rows'])
    }
    const three = ['attn_q', 'attn_k', 'attn_v'].map((part) => weights.multiply(graph, x, `blk.0.${part}`))
    give(graph.node('Concat', three, { attributes: { axis: -1 } }), 'three')
    give(weights.multiply(graph, x, 'blk.0.attn_qkv'), 'one')

    for (const level of [1, 4] as const) {
      const file = join(directory, `${type} ${level}.onnx`)
      await writeFile(file, patchGraph(graph.encode(), { accuracyLevel: level }))
      const session = await InferenceSession.create(file, { intraOpNumThreads: 2 })
      for (const tokens of [1, 5]) {
        const values = Float32Array.from({ length: tokens * architecture.hidden }, (_, i) => Math.sin(i * i))
        const { one, three } = await session.run({ x: new Tensor('float32', values, [1, tokens, architecture.hidden]) })
        expect(one!.dims).toEqual([1, tokens, (architecture.heads + 2 * architecture.kvHeads) * architecture.headSize])
        expect(one!.data).toEqual(three!.data)
      }
      await session.release()
    }
  })
})

it('keeps the order of the file, and has zeros where only others have a bias', async () => {
  const path = join(directory, 'some biases.gguf')
  await writeTinyDecoder(path, { architecture: 'llama', biases: ['q', 'v'] })
  const source = await readGguf(path)
  const inFirst = ({ name }: { name: string }): boolean => name.startsWith('blk.0.')
  const parts = (join: boolean) =>
    storedTensors(source, join)
      .filter(inFirst)
      .map(({ name, parts }) => [name, parts.map((part) => (typeof part === 'number' ? part : part.name))])
  expect(parts(true)).toEqual([
    ['blk.0.attn_qkv.weight', ['blk.0.attn_q.weight', 'blk.0.attn_k.weight', 'blk.0.attn_v.weight']],
    ...['attn_output', 'ffn_gate', 'ffn_up', 'ffn_down', 'attn_norm', 'ffn_norm'].map((part) => [
      `blk.0.${part}.weight`,
      [`blk.0.${part}.weight`],
    ]),
    ['blk.0.attn_qkv.bias', ['blk.0.attn_q.bias', 64, 'blk.0.attn_v.bias']],
  ])
  expect(parts(false)).toEqual([...source.tensors.values()].filter(inFirst).map(({ name }) => [name, [name]]))
})
