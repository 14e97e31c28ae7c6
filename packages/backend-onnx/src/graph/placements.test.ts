import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession } from 'onnxruntime-node'
import { expect, it } from 'vitest'
import { decoder, noCache, run } from '../patch/test-graphs.js'
import { readPlacements } from './placements.js'
import { readGraph } from './read-graph.js'

it('counts the nodes of a real profile once, however often they ran', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'profile-'))
  try {
    const model = decoder('plain')
    const session = await InferenceSession.create(model, {
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
      // Else nodes are fused, and their number is ONNX Runtime's affair.
      graphOptimizationLevel: 'disabled',
    })
    for (let pass = 0; pass < 3; pass++) await run(session, { tokens: [[1, 2]], masks: [[1, 1]], past: noCache() })
    session.endProfiling()
    const [file] = await readdir(folder)
    const nodes = [...readGraph(model).operators.values()].reduce((sum, count) => sum + count, 0)
    expect(readPlacements(await readFile(join(folder, file!), 'utf8'))).toEqual(
      new Map([['CPUExecutionProvider', nodes]]),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

it('tells providers apart', () => {
  const event = (provider: string, node_index: string, name: string) => ({
    cat: 'Node',
    name,
    args: { provider, node_index },
  })
  const events = [
    { cat: 'Session', name: 'session_initialization', args: {} },
    event('CPUExecutionProvider', '1', 'a_kernel_time'),
    event('CoreMLExecutionProvider', '2', 'b_kernel_time'),
    event('CoreMLExecutionProvider', '3', 'c_kernel_time'),
    event('CoreMLExecutionProvider', '2', 'b_kernel_time'),
    { cat: 'Node', name: 'a_fence_before', args: { op_name: 'Add' } },
  ]
  expect(readPlacements(JSON.stringify(events))).toEqual(
    new Map([
      ['CPUExecutionProvider', 1],
      ['CoreMLExecutionProvider', 2],
    ]),
  )
})

it('refuses a profile that is not whole', () => {
  expect(() => readPlacements('[{"cat": "Node"')).toThrow(expect.objectContaining({ code: 'runtime' }))
})
