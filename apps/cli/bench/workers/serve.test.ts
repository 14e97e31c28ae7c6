import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { draft, target } from '@foretoken/demo-models'
import { expect, it } from 'vitest'
import { startWorkerProcess } from './processes.js'

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** `foretoken serve` in a process of its own. */
async function startServe(more: readonly string[]) {
  const node = ['--conditions=@foretoken/source', '--import', 'tsx', program, 'serve', '--json', '--port', '0']
  const args = ['-m', target, '-d', draft, '--gpu', 'off', '--threads', '1', '--parallel', '2', ...more]
  const child = spawn(process.execPath, [...node, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'exit')
  const line = once(createInterface({ input: child.stdout }), 'line')
  const ready = await Promise.race([line, ended.then(() => Promise.reject(new Error(said)))])
  const { url, model } = JSON.parse(ready[0] as string) as { url: string; model: string }
  return {
    said: () => said,
    async end() {
      child.kill('SIGTERM')
      return (await ended)[0] as number | null
    },
    /** A streamed completion, piece by piece. */
    async *complete(prompt: string, maxTokens: number): AsyncGenerator<string> {
      const { body, status } = await fetch(`${url}/v1/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, prompt, max_tokens: maxTokens, temperature: 0, stream: true }),
      })
      expect(status).toBe(200)
      for await (const event of createInterface({ input: Readable.fromWeb(body as never) })) {
        if (!event.startsWith('data: {')) continue
        yield (JSON.parse(event.slice(6)) as { choices: { text: string }[] }).choices[0]?.text ?? ''
      }
    },
  }
}

const prompts = ['export function add(', 'const server = http.createServer(']

async function all(pieces: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const piece of pieces) text += piece
  return text
}

it('serves from a target on workers: the texts are those of one machine, also when a worker dies in their middle', async () => {
  const alone = await startServe([])
  const texts = await Promise.all(prompts.map((prompt) => all(alone.complete(prompt, 800))))
  expect(await alone.end()).toBe(0)

  const workers = await Promise.all([1, 2].map(() => startWorkerProcess(undefined, ['--threads', '1'])))
  const addresses = workers.map(({ address }) => address)
  const serve = await startServe(['--workers', addresses.join(','), '--split', '1,2,2'])
  try {
    expect(await Promise.all(prompts.map((prompt) => all(serve.complete(prompt, 800))))).toEqual(texts)

    let pieces = 0
    const disturbed = prompts.map(async (prompt) => {
      let text = ''
      for await (const piece of serve.complete(prompt, 800)) {
        text += piece
        if (++pieces !== 5) continue
        await workers[0]!.kill()
        workers[0] = await startWorkerProcess(undefined, ['--threads', '1'], addresses[0])
      }
      return text
    })
    expect(await Promise.all(disturbed)).toEqual(texts)
    expect(serve.said()).toContain('was lost')
    expect(await serve.end()).toBe(0)
  } finally {
    await serve.end()
    for (const worker of workers) await worker.kill()
  }
}, 120_000)
