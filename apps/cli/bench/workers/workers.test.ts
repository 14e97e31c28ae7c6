import { draft, target } from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hosts, makeHosts, noHosts } from './hosts.js'
import { killWorkers, undisturbed } from './kills.js'
import { type NearProcess, startNear, startWorkerProcess, type WorkerProcess } from './processes.js'

const prompts = ['export async function load(path, options = {}) {\n']
const maxTokens = 48
const args = ['--threads', '1']
const why = process.env.FORETOKEN_NO_HOSTS ? 'FORETOKEN_NO_HOSTS is set' : await noHosts()

/** What is held to, wherever the workers are. */
function promises(
  open: () => Promise<{ near: NearProcess; workers: WorkerProcess[]; hosts: Hosts | undefined }>,
): void {
  let near: NearProcess
  let workers: WorkerProcess[]
  let hosts: Hosts | undefined
  let texts: string[][]
  beforeAll(async () => {
    ;({ near, workers, hosts } = await open())
    await near.ask({ op: 'open', target, draft, options: { threads: 1, calibrate: false } })
    texts = await undisturbed(near, prompts, maxTokens)
    const addresses = workers.map(({ address }) => address)
    const opened = await near.ask({
      op: 'open',
      target,
      draft,
      options: { workers: addresses, split: [1, ...addresses.map(() => 2)], threads: 1, calibrate: false },
    })
    expect(opened.spread!.map(({ machine }) => machine)).toEqual(['here', ...addresses])
  }, 60_000)
  afterAll(async () => {
    near?.end()
    for (const worker of workers ?? []) await worker.kill()
    await hosts?.remove()
  }, 60_000)

  it('the text is that of one machine, with drafts and without', async () => {
    for (const drafts of [false, true]) {
      const answer = await near.ask({ op: 'generate', prompt: prompts[0]!, maxTokens, drafts })
      expect(answer.text).toBe(texts[0]![0])
    }
  })

  it('a worker that is killed in the middle costs time, and no token: greedy or with a seed', async () => {
    const kills = await killWorkers({
      near,
      prompts,
      texts,
      maxTokens,
      count: 2,
      workers,
      hosts: hosts?.far ?? workers.map(() => undefined),
      args,
      onProgress: () => {},
    })
    expect(kills).toMatchObject({ generations: 2, whole: 2 })
    expect(near.alive).toBe(true)
  }, 60_000)

  it('a worker that is asked to end does so, with exit code 0', async () => {
    expect(await workers.pop()!.end()).toBe(0)
  })
}

describe('a target spread over processes on loopback', () => {
  promises(async () => {
    const workers = await Promise.all([startWorkerProcess(undefined, args), startWorkerProcess(undefined, args)])
    return { near: startNear(undefined), workers, hosts: undefined }
  })
})

describe.skipIf(why !== undefined)(`a target spread over hosts${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  promises(async () => {
    const hosts = await makeHosts(2)
    await hosts.delay(1)
    const workers = await Promise.all(hosts.far.map((host) => startWorkerProcess(host, args)))
    return { near: startNear(hosts.near), workers, hosts }
  })
})
