import { createServer } from 'node:http'
import { connect } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from '@foretoken/core'
import { modelConformance } from '@foretoken/core/testing'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadModel } from '../load.js'
import { openRuntime } from '../runtime.js'
import { targetPath } from '../test-models.js'
import { WorkerClient } from './client.js'
import { ensureRpcLibrary } from './library.js'
import { messagesVersion } from './messages.js'
import { startWorker, type Worker } from './worker.js'

const said: string[] = []
let worker: Worker
let address: string

beforeAll(async () => {
  worker = await startWorker({ port: 0, gpu: false, threads: 1, onEvent: (message) => said.push(message) })
  address = `127.0.0.1:${worker.port}`
})
afterAll(() => worker.close())

const spread = (more: Partial<Parameters<typeof loadModel>[0]> = {}) =>
  loadModel({
    path: targetPath,
    gpu: false,
    threads: 1,
    contextSize: 256,
    calibrate: false,
    workers: [address],
    split: [1, 3],
    ...more,
  })

describe('the contract of a model that is spread', () => {
  // One process for all cases would be quicker, and would not show what a case leaves behind.
  const cases = modelConformance(() => spread({ sequences: 4 }))
  const inFull = process.env.FORETOKEN_FULL === '1'
  const quick = /run together|disposed/
  for (const { name, run } of cases) it.runIf(inFull || quick.test(name))(name, run, 60_000)
})

describe('a worker', () => {
  it('tells what it is', async () => {
    const info = await new WorkerClient(address).info()
    expect(info).toMatchObject({
      foretoken: messagesVersion,
      release: 'v0.5.0',
      protocol: '7.0.0',
      threads: 1,
      busy: false,
    })
    expect(info.devices).toMatchObject([{ name: 'CPU' }])
  })

  it('gives the same bits as the near machine', async () => {
    const models = [await spread(), await spread({ workers: [], split: undefined } as never)]
    const rows = []
    for (const model of models) {
      const sequence = await model.createSequence()
      rows.push((await sequence.forward([5, 6, 7, 8])).row(0).slice())
      await model.dispose()
    }
    expect(rows[0]).toEqual(rows[1])
    expect(models[0]!.description).toContain(`${address} for 6`)
  })

  it('is for one client at a time, which may come again', async () => {
    const model = await spread()
    await expect(spread()).rejects.toMatchObject({
      code: 'worker-lost',
      message: expect.stringContaining('somebody else'),
    })
    await model.dispose()
    await (await spread()).dispose()
  })

  it('refuses other versions, and more than it lends', async () => {
    const client = new WorkerClient(address)
    const claim = { owner: 'a', release: 'v0.4.0', model: 'a model', bytes: 1 }
    await expect(client.claim(claim)).rejects.toThrow(/it runs llama.cpp v0.5.0 and you run v0.4.0/)
    await expect(client.claim({ ...claim, release: 'v0.5.0', bytes: 2 ** 50 })).rejects.toThrow(/lends .* you want/)
  })

  it('hangs up on who has not claimed it, and on web pages', async () => {
    const socket = connect(worker.port, '127.0.0.1', () => socket.write(Buffer.from([14, 24, 0])))
    await new Promise((resolve) => socket.on('close', resolve).on('error', () => {}))
    expect(said.at(-1)).toMatch(/had not claimed/)
    const answer = await fetch(`http://${address}/claim`, {
      method: 'POST',
      body: '{}',
      headers: { origin: 'http://evil' },
    })
    expect(answer.status).toBe(403)
  })

  it('says what is wrong with its options', async () => {
    await expect(startWorker({ port: worker.port, gpu: false })).rejects.toThrow(/Port \d+ of 127.0.0.1 is in use/)
    await expect(startWorker({ port: 0, host: '192.0.2.1', gpu: false })).rejects.toThrow(
      /not an address of this machine/,
    )
    await expect(startWorker({ port: 0, gpu: false, devices: ['TPU7'] })).rejects.toThrow(
      /no device TPU7 here. There are: CPU/,
    )
  })
})

describe('the near machine', () => {
  it('says who cannot be reached, and who is no worker', async () => {
    await expect(spread({ workers: ['127.0.0.1:1'] })).rejects.toMatchObject({
      code: 'worker-lost',
      message: expect.stringContaining('nobody listens there'),
    })
    const server = createServer((_, response) => response.end('{}'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await expect(spread({ workers: [`127.0.0.1:${port}`] })).rejects.toThrow(/no worker of this version/)
    server.close()
    for (const wrong of ['here', 'here:', ':1', 'a:b', 'a:70000'])
      expect(() => new WorkerClient(wrong)).toThrow(/host:port/)
  })

  it('goes on where the engine of a worker ends in the middle, and tells of it', async () => {
    const warnings: string[] = []
    const model = await spread({ onWarning: (message) => warnings.push(message) })
    const sequence = await model.createSequence()
    const first = (await sequence.forward([5, 6, 7])).argmax(0)
    const running = sequence.forward([first])
    process.kill(enginePid(), 'SIGKILL')
    const second = (await running).argmax(0)
    const third = (await sequence.forward([second])).argmax(0)
    expect(sequence.tokens).toEqual([5, 6, 7, first, second])
    await model.dispose()
    const alone = await loadModel({ path: targetPath, gpu: false, threads: 1, contextSize: 256, calibrate: false })
    const rows = await (await alone.createSequence()).forward([5, 6, 7, first, second], { outputs: 'all' })
    expect([2, 3, 4].map((row) => rows.argmax(row))).toEqual([first, second, third])
    await alone.dispose()
    expect(warnings.join(' ')).toMatch(/was lost.*are back after/)
  }, 60_000)

  it('ends a text whose worker comes back with another version, says which, and keeps what was said', async () => {
    const leaving = await startWorker({ port: 0, gpu: false, threads: 1 })
    const { port } = leaving
    const model = await spread({ workers: [`127.0.0.1:${port}`] })
    const generation = generate({ model, prompt: 'export function ', maxTokens: 200 })
    let lostAt = Infinity
    const other = createServer((_, response) => {
      const message = 'it runs llama.cpp v0.4.0 and you run v0.5.0: install the same version of this package on both'
      response.writeHead(409).end(JSON.stringify({ message, final: true }))
    })
    const read = async () => {
      for await (const { type } of generation) {
        if (type !== 'token' || generation.tokens.length !== 20) continue
        await leaving.close()
        await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
        lostAt = performance.now()
      }
    }
    await expect(read()).rejects.toMatchObject({
      code: 'worker-lost',
      message: expect.stringMatching(/v0\.4\.0.*v0\.5\.0/),
    })
    expect(performance.now() - lostAt).toBeLessThan(5000)
    const { tokens, text } = generation
    expect(tokens.length).toBeGreaterThanOrEqual(20)
    expect(text).not.toBe('')
    await model.dispose()
    other.close()
    const alone = await loadModel({ path: targetPath, gpu: false, threads: 1, contextSize: 256, calibrate: false })
    const whole = await generate({ model: alone, prompt: 'export function ', maxTokens: tokens.length }).result()
    expect(tokens).toEqual(whole.tokens)
    await alone.dispose()
  }, 60_000)
})

/** The newest child of this process that is an engine. */
function enginePid(): number {
  type Handle = { readonly spawnargs?: string[]; readonly pid?: number; readonly exitCode?: unknown }
  const handles = (Reflect.get(process, '_getActiveHandles') as () => Handle[]).call(process)
  const engines = handles.filter(
    ({ spawnargs, exitCode }) => exitCode === null && spawnargs?.some((arg) => arg.includes('engine')),
  )
  return engines.at(-1)!.pid!
}

describe('the RPC backend', () => {
  it('needs a compiler to be built, and says so', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'foretoken-rpc-test-'))
    vi.stubEnv('XDG_CACHE_HOME', cache)
    vi.stubEnv('CXX', join(cache, 'no-compiler'))
    try {
      await expect(ensureRpcLibrary(await openRuntime(false))).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringMatching(/no-compiler is needed to build llama.cpp's RPC backend/),
      })
    } finally {
      vi.unstubAllEnvs()
      await rm(cache, { recursive: true })
    }
  })
})
