import * as ort from 'onnxruntime-node'
import type { InferenceSession } from 'onnxruntime-node'
import { draftOnnx } from '@foretoken/demo-models'
import { expect, it } from 'vitest'
import { openFolder } from '../folder/open-folder.js'
import type { OnnxRuntime } from './onnxruntime.js'
import { openDecoder } from './open-decoder.js'

/** ONNX Runtime, and how many of its sessions are open. Passes after so many of all of them fail. */
function watched(most: number): { runtime: OnnxRuntime; open: () => number } {
  let [open, passes] = [0, 0]
  const create = async (model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession> => {
    const session = await ort.InferenceSession.create(model, { ...options, enableProfiling: false })
    open++
    return new Proxy(session, {
      get(of, name) {
        if (name === 'run') return ++passes > most ? () => Promise.reject(new Error('no more')) : of.run.bind(of)
        if (name === 'endProfiling') return () => {}
        if (name === 'release') {
          return async () => {
            open--
            await of.release()
          }
        }
        return Reflect.get(of, name) as unknown
      },
    })
  }
  return { runtime: { ...ort, InferenceSession: { create } } as unknown as OnnxRuntime, open: () => open }
}

/** Three to see how fast it is, and two for each of straight, sliced, and by number. */
const [toProbe, toRollBack] = [3, 6]

it.each([
  ['the first pass', 0, false],
  ['a look at how it rolls back', toProbe + 1, false],
  ['a count of where nodes run', toProbe + toRollBack, true],
])('leaves no session open when %s fails', async (_, passes, placements) => {
  const { modelFile, config } = await openFolder(draftOnnx)
  const { runtime, open } = watched(passes)
  const request = { op: 'open', model: 1, file: modelFile, static: undefined, asked: true, config, threads: 1 } as const
  const more = { providers: ['cpu'], contextLength: 128, sequences: 1, exact: false } as const
  await expect(openDecoder(runtime, { ...request, ...more, placements })).rejects.toThrow('no more')
  expect(open()).toBe(0)
})
