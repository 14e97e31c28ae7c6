import { ForetokenError } from '@foretoken/core'
import { modelConformance } from '@foretoken/core/testing'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { loadModel } from '../index.js'
import { targetPath } from '../test-models.js'

// A release of llama.cpp that we do not know: the layouts must not be trusted.
vi.mock('../ffi/structs.js', async (original) => ({
  ...(await original<typeof import('../ffi/structs.js')>()),
  layoutMismatch: () => 'its release v9.9.9 is not one that this version knows',
}))

const noRows = 'the public API gives no rows of logits'
const skip = Object.fromEntries(
  [
    'gives the rows that were asked for',
    'many tokens at once equal one at a time',
    'rollback equals a straight run',
    'sequences that run together do not see each other',
    'an abort leaves the sequence usable',
  ].map((name) => [name, noRows]),
)

describe('the model contract, through the public API', () => {
  const open = () => loadModel({ path: targetPath, gpu: false, contextSize: 128, sequences: 3, onWarning: () => {} })
  for (const { name, run } of modelConformance(open, { skip })) it(name, run)
})

describe('the public API', () => {
  const warnings: string[] = []
  const loading = loadModel({
    path: targetPath,
    gpu: false,
    contextSize: 128,
    onWarning: (text) => warnings.push(text),
  })
  afterAll(async () => (await loading).dispose())

  it('says what is lost', async () => {
    const model = await loading
    expect(model.path).toBe('public-api')
    expect(model.capabilities.fork).toBe(false)
    expect(warnings.join()).toMatch(/v9\.9\.9.*greedy decoding only.*Install/)
  })

  it('refuses rows, and says why', async () => {
    const sequence = await (await loading).createSequence()
    const rows = await sequence.forward([1, 2, 3])
    expect(rows.argmax(0)).toBeGreaterThanOrEqual(0)
    expect(() => rows.row(0)).toThrow(/only greedy decoding without penalties and formats works/)
    await sequence.dispose()
  })

  it('writes what the direct path writes', async () => {
    const model = await loading
    const prompt = model.tokenizer.encode('function add(a, b) {', { start: true })
    const sequence = await model.createSequence()
    const alone = await greedily(sequence, prompt, 20)
    await sequence.truncate(prompt.length)
    const together = await sequence.forward(alone.slice(0, -1), { outputs: 'all' })
    expect(alone.slice(1)).toEqual(alone.slice(1).map((_, row) => together.argmax(row)))
    await sequence.truncate(prompt.length - 1)
    expect(await greedily(sequence, prompt.slice(-1), 20)).toEqual(alone)
    await sequence.dispose()
  })

  it('stops a long input at a signal, with a prefix held', async () => {
    const model = await loadModel({ path: targetPath, gpu: false, contextSize: 1024, onWarning: () => {} })
    const sequence = await model.createSequence()
    const controller = new AbortController()
    const running = sequence.forward(
      Array.from({ length: 1000 }, (_, i) => i),
      { signal: controller.signal },
    )
    controller.abort()
    await expect(running).rejects.toBe(controller.signal.reason)
    expect(sequence.length).toBe(512)
    await model.dispose()
    await expect(sequence.forward([1])).rejects.toSatisfy((error) => ForetokenError.is(error, 'disposed'))
  })
})

async function greedily(
  sequence: Awaited<ReturnType<Awaited<ReturnType<typeof loadModel>>['createSequence']>>,
  prompt: readonly number[],
  count: number,
): Promise<number[]> {
  const tokens: number[] = []
  let rows = await sequence.forward(prompt)
  while (tokens.length < count) {
    const next = rows.argmax(0)
    tokens.push(next)
    rows = await sequence.forward([next])
  }
  return tokens
}
