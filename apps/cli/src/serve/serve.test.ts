import { spawn } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { runProgram } from '../run.js'

const small = ['--gpu', 'off', '--threads', '1', '--parallel', '2']
const source = dirname(dirname(fileURLToPath(import.meta.url)))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-serve-'))
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(() => void vi.unstubAllEnvs())

/** Runs `foretoken serve` in this process. */
function serve(args: readonly string[], env: Record<string, string> = {}) {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const controller = new AbortController()
  let said = ''
  err.on('data', (text: string) => (said += text))
  const ended = runProgram(['serve', ...small, ...args], {
    out,
    err,
    input: Readable.from(['']),
    env: { NO_COLOR: '1', ...env },
    signal: controller.signal,
  })
  const line = new Promise<string>((resolve, reject) => {
    out.once('data', resolve)
    void ended.then(() => reject(new Error(said)))
  })
  line.catch(() => {})
  return { line, ended, stop: () => controller.abort(), said: () => said }
}

const body = (more: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', authorization: 'Bearer one' },
  body: JSON.stringify({ model: 'foretoken-demo', prompt: 'const a = ', temperature: 0, ...more }),
})

describe('serve', { timeout: 120_000 }, () => {
  test('the demo pair, by one line; ends when it is told to, and answers what is under way', async () => {
    const { line, ended, stop, said } = serve(['--port', '0'], { FORETOKEN_API_KEYS: 'one' })
    const [, url] = /^(http:\/\/127\.0\.0\.1:\d+) serves foretoken-demo: .+\n$/.exec(await line)!
    expect((await fetch(`${url}/ready`)).status).toBe(200)
    expect((await fetch(`${url}/v1/models`)).status).toBe(401)
    const models = await fetch(`${url}/v1/models`, { headers: { authorization: 'Bearer one' } })
    expect(await models.json()).toMatchObject({
      data: [{ foretoken: { strategies: ['auto', 'draft-model', 'suffix', 'prompt-lookup', 'recycling'] } }],
    })
    const answer = fetch(`${url}/v1/completions`, body({ max_tokens: 100, stream: true }))
    const text = (await answer).text()
    stop()
    expect(await text).toContain('data: [DONE]')
    expect(await ended).toBe(0)
    expect(said()).toMatch(/"path":"\/v1\/completions","status":200/)
    expect(said()).not.toContain('const a')
  })

  test('a port that is taken, keys that are none, a strategy that is none', async () => {
    const { line, ended, stop } = serve(['--port', '0', '--name', 'mine', '--strategy', 'none', '--json'])
    const ready = JSON.parse(await line)
    expect(ready).toEqual({ url: expect.any(String), model: 'mine', description: expect.any(String) })
    const { port } = new URL(ready.url)
    const second = serve(['--port', port!])
    expect(await second.ended).toBe(1)
    expect(second.said()).toMatch(/error \[runtime\]: The server cannot listen on 127\.0\.0\.1:\d+/)
    stop()
    expect(await ended).toBe(0)

    const file = join(folder, 'keys')
    await writeFile(file, '# nothing yet\n')
    const open = serve(['--port', '0', '--api-key-file', file])
    expect(await open.ended).toBe(2)
    expect(open.said()).toContain('has no key in it')
    const unknown = serve(['--port', '0', '--strategy', 'luck'])
    expect(await unknown.ended).toBe(2)
  })

  test.runIf(process.platform === 'linux')('has kernels built first, and goes on where that cannot be', async () => {
    const file = join(folder, 'large.gguf')
    await writeFile(file, 'no model')
    await truncate(file, 200 * 2 ** 20)
    vi.stubEnv('PATH', '')
    vi.stubEnv('XDG_CACHE_HOME', folder)
    const { line, ended, said } = serve(['--port', '0', '--model', file])
    await expect(line).rejects.toThrow('error [model-file]')
    expect(await ended).toBe(2)
    expect(said()).toMatch(/git is needed to build CPU kernels[^]+error/)
  })

  test('SIGTERM waits for the answer, a second one does not', async () => {
    const node = ['--import', 'tsx', '--conditions=@foretoken/source', join(source, 'main.ts'), 'serve', ...small]
    const child = spawn(process.execPath, [...node, '--port', '0'], { cwd: source })
    const url = await new Promise<string>((resolve) =>
      child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.split(' ')[0]!)),
    )
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    const asked = body({ max_tokens: 900, n: 64, temperature: 1, stream: true })
    const answer = await fetch(`${url}/v1/completions`, asked)
    expect(answer.status).toBe(200)
    const reader = answer.body!.getReader()
    await reader.read()
    child.kill('SIGTERM')
    await expect
      .poll(() =>
        fetch(`${url}/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(false)
    expect(child.exitCode).toBeNull()
    child.kill('SIGTERM')
    expect(await ended).toBe(130)
    await reader.read().catch(() => {})
  })
})
