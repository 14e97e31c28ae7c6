import type { ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Balancer, noBalancer, startBalancer } from './balancer.js'
import { type StandIn, standIn } from './stand-in.js'

const ok = (response: ServerResponse): void => void response.end('{}')
const status = (code: number) => (response: ServerResponse) => {
  response.writeHead(code, { 'retry-after': '7' }).end(`{"error":${code}}`)
}

const system = { role: 'system', content: 'Be brief.' }
const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })

const reason = noBalancer()
if (reason !== undefined) console.warn(`The balancer is not tested: ${reason}`)

describe.skipIf(reason !== undefined)('nginx as deploy/ has it', () => {
  let replicas: StandIn[]
  let balancer: Balancer
  beforeEach(async () => {
    replicas = await Promise.all([standIn(ok), standIn(ok), standIn(ok)])
    balancer = await startBalancer({ urls: replicas.map(({ url }) => url) })
  })
  afterEach(async () => {
    await balancer.stop()
    await Promise.all(replicas.map((replica) => replica.stop()))
  })

  const post = (body: object | string, path = '/v1/chat/completions', signal?: AbortSignal): Promise<Response> =>
    fetch(balancer.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal && { signal }),
    })
  const counts = (): number[] => replicas.map(({ asked }) => asked.length)
  /** Where the request went. @param body Of what is to be one conversation. */
  async function wentTo(body: object | string, path?: string): Promise<number> {
    const before = counts()
    await (await post(body, path)).text()
    return counts().findIndex((count, i) => count > before[i]!)
  }

  it('sends the turns of a conversation to one replica, and conversations to all', async () => {
    const homes = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const first = [system, user(`Question ${i}`)]
      const home = await wentTo({ model: 'm', messages: first })
      const second = [...first, assistant('It is so.'), user('Why?')]
      expect(await wentTo({ stream: true, messages: second, model: 'm' })).toBe(home)
      expect(await wentTo({ model: 'm', messages: [...second, assistant('For that.'), user('Then?')] })).toBe(home)
      homes.add(home)
    }
    expect(homes.size).toBe(3)
  })

  it('sends texts that begin alike to one replica', async () => {
    const homes = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const start = `/* File ${i} */ ${'x'.repeat(1100)}`
      const home = await wentTo({ model: 'm', prompt: start }, '/v1/completions')
      expect(await wentTo({ model: 'm', prompt: `${start} and more` }, '/v1/completions')).toBe(home)
      homes.add(home)
    }
    expect(homes.size).toBe(3)
  })

  it('passes on what it does not understand, as it is', async () => {
    for (const body of ['{"messages":', '[]', '{"messages":[]}', '{"messages":[null]}', 'ä'.repeat(200_000)]) {
      const at = await wentTo(body)
      expect(replicas[at]!.asked.at(-1)).toBe(body)
    }
    expect((await fetch(`${balancer.url}/v1/models`)).status).toBe(200)
    expect((await fetch(`${balancer.url}/metrics`)).status).toBe(404)
  })

  const conversation = { model: 'm', messages: [system, user('Where do I go?')] }

  it.each([
    ['stops', status(503)],
    ['is full', status(429)],
    ['dies before it has said anything', (response: ServerResponse) => void response.socket!.destroy()],
  ])('asks another replica when the one %s, and comes back to it', async (_, behaviour) => {
    const home = await wentTo(conversation)
    replicas[home]!.behaviour = behaviour
    for (let i = 0; i < 3; i++) expect((await post(conversation)).status).toBe(200)
    expect(counts().toSorted()).toEqual([0, 3, 4])
    replicas[home]!.behaviour = ok
    expect(await wentTo(conversation)).toBe(home)
  })

  it('asks another replica when the one is gone', async () => {
    const home = await wentTo(conversation)
    await replicas[home]!.stop()
    expect((await post(conversation)).status).toBe(200)
    await expect.poll(async () => (await balancer.passed()).at(-1)!.tried).toEqual([502, 200])
  })

  it('says when to come again, when all are full', async () => {
    for (const replica of replicas) replica.behaviour = status(429)
    for (let i = 0; i < 3; i++) {
      const answer = await post(conversation)
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7'])
    }
  })

  it('passes on what is wrong with a request, and asks nobody else', async () => {
    for (const replica of replicas) replica.behaviour = status(400)
    expect((await post(conversation)).status).toBe(400)
    for (const replica of replicas) replica.behaviour = status(500)
    expect((await post(conversation)).status).toBe(500)
    expect(counts().reduce((a, b) => a + b)).toBe(2)
  })

  it('passes a stream on piece by piece', async () => {
    let open: ServerResponse | undefined
    for (const replica of replicas) replica.behaviour = (response) => (open = response).write('data: 1\n\n')
    const reader = (await post(conversation)).body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toBe('data: 1\n\n')
    open!.write('data: 2\n\n')
    expect((await reader.read()).value).toBe('data: 2\n\n')
    open!.end('data: 3\n\n')
    expect((await reader.read()).value).toBe('data: 3\n\n')
    expect((await reader.read()).done).toBe(true)
  })

  it('lets a stream that broke be seen as broken, and begins none again', async () => {
    for (const replica of replicas) {
      replica.behaviour = (response) => response.write('data: 1\n\n', () => response.socket!.destroy())
    }
    await expect((await post(conversation)).text()).rejects.toThrow('terminated')
    expect(counts().reduce((a, b) => a + b)).toBe(1)
  })

  it('tells a replica that the client has gone', async () => {
    const leaving = new AbortController()
    const gone = new Promise<void>((resolve) => {
      for (const replica of replicas) {
        replica.behaviour = (response) => {
          response.on('close', resolve)
          response.write('data: 1\n\n')
        }
      }
    })
    await post(conversation, undefined, leaving.signal)
    leaving.abort()
    await gone
  })
})
