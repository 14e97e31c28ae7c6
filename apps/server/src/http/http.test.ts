import { connect } from 'node:net'
import { ForetokenError } from '@foretoken/core'
import { pino } from 'pino'
import { beforeAll, describe, expect, test } from 'vitest'
import { createServer } from '../create-server.js'
import type { Engine } from '../engine/engine.js'
import type { ErrorBody } from './errors.js'
import { demoServers, type Served } from './testing.js'

const serve = demoServers()
const short = { model: 'demo', prompt: 'const a = ', max_tokens: 4, temperature: 0 }
const long = { ...short, max_tokens: 900, stream: true }

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: ErrorBody & Record<string, unknown>
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer['body'] }
}

let served: Served
beforeAll(async () => {
  served = await serve()
})

describe('what is malformed', () => {
  test.each([
    ['{"model": "demo", ', 400, /not valid JSON/],
    ['', 400, /not valid JSON/],
    ['[]', 400, /expected object/],
    ['null', 400, /expected object/],
    ['{"model": 3}', 400, /'model'/],
    [{ ...short, max_tokens: 0 }, 400, /'max_tokens'/],
    [{ ...short, prompt: [] }, 400, /'prompt'/],
    [{ ...short, prompt: [[1], [99999]] }, 400, /vocabulary/],
    [{ ...short, logit_bias: { 99999: 1 } }, 400, /vocabulary/],
    [{ ...short, suffix: 'end' }, 400, /'suffix'/],
    [{ ...short, stream_options: { include_usage: true } }, 400, /only for streams/],
    [{ ...short, prompt: ['a', 'b'], n: 100 }, 400, /128 choices/],
  ])('%j', async (body, status, message) => {
    const answer = await post(served.url, body)
    expect(answer.status).toBe(status)
    expect(answer.body.error.message).toMatch(message)
    expect(answer.body.error.type).toBe('invalid_request_error')
    expect((await post(served.url, short)).status).toBe(200)
  })

  test('what is not called JSON, so that pages elsewhere cannot send it unasked', async () => {
    expect(await post(served.url, short, { 'content-type': 'text/plain' })).toMatchObject({ status: 415 })
  })

  test('50 MB, with the length told and in pieces', async () => {
    // A connection of its own: one that idles while this process is busy may be closed in the meantime.
    const { url } = await serve()
    const text = JSON.stringify({ ...short, prompt: 'a'.repeat(50_000_000) })
    expect(await post(url, text)).toMatchObject({ status: 413, body: { error: { code: 'request_too_large' } } })
    const bytes = new TextEncoder().encode(text)
    let at = 0
    const body = new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) return controller.close()
        controller.enqueue(bytes.subarray(at, (at += 1_000_000)))
      },
    })
    const answer = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      duplex: 'half',
    } as RequestInit)
    expect(answer.status).toBe(413)
    expect((await post(url, short)).status).toBe(200)
  })

  test('no route, and the wrong method', async () => {
    const nowhere = await fetch(`${served.url}/v1/nothing`)
    expect(nowhere.status).toBe(404)
    expect(((await nowhere.json()) as ErrorBody).error.message).toContain('/v1/nothing')
    const wrong = await fetch(`${served.url}/v1/completions`)
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
  })

  test('no HTTP at all', async () => {
    const { port } = new URL(served.url)
    const said = await new Promise<string>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a b\r\n\r\n'))
      socket.once('data', (data) => {
        resolve(data.toString())
        socket.destroy()
      })
    })
    expect(said).toMatch(/^HTTP\/1\.1 400 /)
    expect(said).toContain('no proper HTTP')
  })
})

describe('keys', () => {
  test('any of several lets in; without one nothing but the state is told', async () => {
    const { url } = await serve({ keys: ['first', 'second'] })
    for (const key of ['first', 'second']) {
      expect(await post(url, short, { authorization: `Bearer ${key}` })).toMatchObject({ status: 200 })
    }
    for (const authorization of ['', 'Bearer', 'Bearer wrong', 'Basic first', 'Bearer first second']) {
      const { status, body } = await post(url, short, { authorization })
      expect([authorization, status, body.error.code]).toEqual([authorization, 401, 'invalid_api_key'])
    }
    expect((await fetch(`${url}/v1/models`)).status).toBe(401)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect((await fetch(`${url}/ready`)).status).toBe(200)
  })
})

describe('other origins', () => {
  const origin = { origin: 'https://a.example' }

  test('get nothing unless they are named', async () => {
    expect((await post(served.url, short, origin)).headers.get('access-control-allow-origin')).toBeNull()
    const { url } = await serve({ cors: ['https://a.example'], keys: ['key'] })
    const preflight = await fetch(`${url}/v1/completions`, {
      method: 'OPTIONS',
      headers: {
        ...origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    })
    expect(preflight.ok).toBe(true)
    expect(preflight.headers.get('access-control-allow-origin')).toBe('https://a.example')
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization')
    const other = await post(url, short, { origin: 'https://b.example', authorization: 'Bearer key' })
    expect(other.headers.get('access-control-allow-origin')).not.toBe('https://b.example')
  })
})

describe('limits', () => {
  test('as many tokens as the server allows', async () => {
    const { url } = await serve({ maxTokens: 5 })
    expect(await post(url, { ...short, max_tokens: 6 })).toMatchObject({
      status: 400,
      body: { error: { param: 'max_tokens' } },
    })
    const { max_tokens: _, ...open } = short
    expect((await post(url, open)).body).toMatchObject({ usage: { completion_tokens: 5 } })
  })

  test('a time for an answer, in one piece and in a stream', async () => {
    const { url, engine } = await serve({ timeoutMs: 100 })
    const { status, body } = await post(url, { ...long, stream: false })
    expect([status, body.error.code]).toEqual([504, 'timeout'])
    const stream = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(long),
    })
    expect(await stream.text()).toMatch(/data: \{"error":\{[^\n]*"code":"timeout"\}\}\n\n$/)
    expect(engine.state).toMatchObject({ active: 0, waiting: 0 })
  })

  test('more than can wait is told to come again', async () => {
    const { url, engine } = await serve({}, 0)
    const controller = new AbortController()
    const streams = [0, 1].map(() => open(url, controller.signal))
    await Promise.all(streams)
    const { status, headers, body } = await post(url, short)
    expect([status, body.error.type, body.error.code]).toEqual([429, 'rate_limit_error', 'rate_limit_exceeded'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    controller.abort()
    await expect.poll(() => engine.state.active).toBe(0)
    // Of three choices one cannot have its turn: none is left behind.
    expect((await post(url, { ...short, n: 3 })).status).toBe(429)
    await expect.poll(() => engine.state.active).toBe(0)
    expect((await post(url, short)).status).toBe(200)
  })
})

async function open(url: string, signal?: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const answer = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(long),
    ...(signal && { signal }),
  })
  const reader = answer.body!.getReader()
  await reader.read()
  return reader
}

test('a client whose connection breaks frees its slot within a round', async () => {
  const { url, engine } = await serve()
  const body = JSON.stringify(long)
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
    socket.write(
      `POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ),
  )
  await new Promise((resolve) => socket.once('data', resolve))
  expect(engine.state.active).toBe(1)
  socket.destroy()
  await expect.poll(() => engine.state.active, { timeout: 500, interval: 5 }).toBe(0)
})

test('a long prompt is told of as it is read', async () => {
  const answer = await fetch(`${served.url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...long, max_tokens: 1, prompt: 'let value = 7;\n'.repeat(120) }),
  })
  expect(await answer.text()).toMatch(/^: prompt \d+\/\d+\n\n[^]*data: \[DONE\]\n\n$/)
})

test('a stream without news lives on', async () => {
  const { engine } = served
  const submit: Engine['submit'] = async (request) => {
    const run = await engine.submit(request)
    return {
      result: () => run.result(),
      async *[Symbol.asyncIterator]() {
        await new Promise((resolve) => setTimeout(resolve, 100))
        yield* run
      },
    }
  }
  const { url } = await serve({ engine: { ...engine, submit }, heartbeatMs: 10 })
  const answer = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...long, max_tokens: 20 }),
  })
  expect(await answer.text()).toMatch(/: waiting\n\n[^]*data: \[DONE\]\n\n$/)
})

describe('the end', () => {
  test('what is under way is answered, nothing new is taken', async () => {
    const { engine } = await serve()
    const server = createServer({ engine })
    const { url } = await server.listen({ port: 0 })
    const reader = await open(url)
    const closed = server.close()
    // The connection of the stream is taken; a new one is refused.
    await expect(fetch(`${url}/ready`)).rejects.toThrow('fetch failed')
    expect((await server.app.request('/ready')).status).toBe(503)
    const refused = await server.app.request('/v1/completions', { method: 'POST' })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5'])
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      text += new TextDecoder().decode(value)
    }
    expect(text).toMatch(/"finish_reason":"(length|stop)"[^]*data: \[DONE\]\n\n$/)
    await closed
  })

  test('an answer in one piece reaches its client before its connection is closed', async () => {
    const { engine } = await serve()
    const server = createServer({ engine })
    const { url } = await server.listen({ port: 0 })
    const answer = post(url, { ...short, max_tokens: 60 })
    await expect.poll(() => engine.state.active, { interval: 1 }).toBe(1)
    const closed = server.close()
    expect(await answer).toMatchObject({ status: 200, body: { usage: { completion_tokens: 60 } } })
    await closed
  })

  test('what takes too long is cut off, and told so', async () => {
    const { engine } = await serve()
    const server = createServer({ engine })
    const { url } = await server.listen({ port: 0 })
    const reader = await open(url)
    const closed = server.close({ drainMs: 20 })
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      text += new TextDecoder().decode(value)
    }
    expect(text).toMatch(/"code":"unavailable"/)
    await closed
    expect(engine.state.active).toBe(0)
  })
})

describe('loading', () => {
  test('alive, but not ready', async () => {
    let ready!: (engine: Engine) => void
    const { app } = createServer({ engine: new Promise<Engine>((resolve) => (ready = resolve)) })
    expect((await app.request('/health')).status).toBe(200)
    expect((await app.request('/ready')).status).toBe(503)
    expect((await app.request('/v1/models')).status).toBe(503)
    ready(served.engine)
    await Promise.resolve()
    expect((await app.request('/ready')).status).toBe(200)
  })
})

describe('faults of ours', () => {
  const failing = (error: unknown): Engine => ({
    id: 'demo',
    target: served.engine.target,
    strategies: [],
    created: 0,
    state: served.engine.state,
    async submit() {
      throw error
    },
    async drain() {},
    async dispose() {},
  })

  test.each([
    [new ForetokenError('runtime', 'secret path'), 500, 'internal_error'],
    [new TypeError('secret'), 500, 'internal_error'],
    ['secret', 500, 'internal_error'],
    [new ForetokenError('disposed', 'secret'), 503, 'unavailable'],
  ])('%s', async (error, status, code) => {
    const lines: string[] = []
    const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) })
    const { app } = createServer({ engine: failing(error), logger })
    const answer = await app.request('/v1/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(short),
    })
    const text = await answer.text()
    expect(answer.status).toBe(status)
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'server_error', code } })
    expect(text).not.toContain('secret')
    expect(lines.join('').includes('secret')).toBe(status === 500)
  })
})

describe('the log', () => {
  async function logged(options: { logPrompts?: boolean }): Promise<Record<string, unknown>[]> {
    const lines: string[] = []
    const logger = pino({ base: null }, { write: (line: string) => void lines.push(line) })
    const { url } = await serve({ logger, ...options })
    const answer = await fetch(`${url}/v1/completions?key=secret`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'mine' },
      body: JSON.stringify({ ...long, max_tokens: 6, prompt: 'const secret = ' }),
    })
    expect(answer.headers.get('x-request-id')).toBe('mine')
    await answer.text()
    await open(url).then((reader) => reader.cancel())
    await fetch(`${url}/health`)
    await expect.poll(() => lines.length).toBe(2)
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  }

  test('a line for each request, without a word of it', async () => {
    const [first, second] = await logged({})
    const path = '/v1/completions'
    expect(first).toMatchObject({ id: 'mine', method: 'POST', path, status: 200, tokens: 6 })
    expect(first!.promptTokens).toBeGreaterThan(0)
    expect(JSON.stringify(first)).not.toContain('secret')
    expect(second).toMatchObject({ path, aborted: true })
  })

  test('with the prompts, if they are asked for', async () => {
    expect((await logged({ logPrompts: true }))[0]).toMatchObject({ prompt: 'const secret = ' })
  })
})

test('metrics, and a description that says what is checked', async () => {
  const metrics = { contentType: 'text/plain; version=0.0.4', metrics: () => Promise.resolve('up 1\n') }
  const { app } = createServer({ engine: served.engine, metrics })
  const answer = await app.request('/metrics')
  expect([answer.headers.get('content-type'), await answer.text()]).toEqual([metrics.contentType, 'up 1\n'])
  interface Description {
    paths: Record<string, Record<string, { requestBody: { content: Record<string, { schema: object }> } }>>
  }
  const { paths } = (await (await app.request('/openapi.json')).json()) as Description
  for (const path of Object.keys(paths)) {
    if (!path.includes('{')) expect((await app.request(path)).status).not.toBe(404)
  }
  const { schema } = paths['/v1/chat/completions']!.post!.requestBody.content['application/json']!
  expect(schema).toMatchObject({ properties: { messages: { type: 'array' } }, additionalProperties: false })
})
