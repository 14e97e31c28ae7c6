import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ForetokenError } from '../../../packages/core/src/index.js'
import type { Contender, Decoding, Peer, Setup } from '../contender.js'
import { type LlamaCppSetting, plain, settings } from './settings.js'

/** llama.cpp's server: started when a setting's first prompt comes, and kept until the setting is no longer needed. */
export function llamaServer(bin: string, setup: Setup): Peer {
  const name = 'llama-server'
  const contenders = [plain, ...settings].map((setting): Contender => {
    let server: Promise<Server> | undefined
    return {
      peer: name,
      name: setting.name,
      role: setting.role,
      async decode(prompt) {
        server ??= start(join(bin, name), setup, setting)
        return complete(await server, setup, prompt, setup.maxTokens)
      },
      async close() {
        const running = await server?.catch(() => undefined)
        server = undefined
        if (running) await stop(running.child)
      },
    }
  })
  return { name, contenders, close: async () => void (await Promise.all(contenders.map((each) => each.close!()))) }
}

interface Server {
  readonly child: ChildProcess
  readonly address: string
  /** The last of what it wrote. */
  readonly log: () => string
}

async function start(program: string, setup: Setup, setting: LlamaCppSetting): Promise<Server> {
  const port = await freePort()
  const { threads, signal } = setup
  const options = {
    '-m': setup.target,
    ...(setting.needsDraft && { '-md': setup.draft, '-td': threads }),
    '-c': setup.contextSize,
    '-t': threads,
    // One text at a time, and nothing kept from earlier ones.
    '-np': 1,
    '--cache-ram': 0,
    '--host': '127.0.0.1',
    '--port': port,
  }
  const args = [
    ...setting.args,
    '--offline',
    '--no-ui',
    ...Object.entries(options).flatMap(([key, value]) => [key, `${value}`]),
  ]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], signal })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-2000)))
  let failure: Error | undefined
  child.on('error', (error) => (failure = error))

  const server = { child, address: `http://127.0.0.1:${port}`, log: () => log }
  while (!(await isUp(server.address))) {
    signal.throwIfAborted()
    if (failure || child.exitCode !== null) {
      throw new ForetokenError('runtime', `llama-server (${setting.name}) did not start: ${failure?.message ?? log}`)
    }
    await setTimeout(50)
  }
  // The first text pays for what is allocated on the way.
  await complete(server, setup, 'function', 8)
  return server
}

async function complete(server: Server, setup: Setup, prompt: string, maxTokens: number): Promise<Decoding> {
  const { temperature, seed, signal } = setup
  const body = {
    prompt,
    n_predict: maxTokens,
    temperature,
    samplers: ['temperature'],
    seed,
    cache_prompt: false,
  }
  try {
    const response = await fetch(`${server.address}/completion`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    })
    return parseCompletion(await response.json())
  } catch (error) {
    signal.throwIfAborted()
    if (ForetokenError.is(error)) throw error
    throw new ForetokenError('runtime', `llama-server failed: ${server.log().trim().split('\n').at(-1)}`, {
      cause: error,
    })
  }
}

/** The server's answer. @throws `runtime` when it holds no timings. */
export function parseCompletion(answer: unknown): Decoding {
  const { content, timings, error } = answer as {
    content?: string
    timings?: { predicted_n: number; predicted_ms: number; draft_n?: number; draft_n_accepted?: number }
    error?: { message: string }
  }
  if (content === undefined || !timings) {
    throw new ForetokenError('runtime', `llama-server answered without timings: ${error?.message ?? 'no reason given'}`)
  }
  return {
    // Its clock runs from the first token, which comes with the prompt, to the last.
    tokens: timings.predicted_n - 1,
    ms: timings.predicted_ms,
    text: content,
    drafted: timings.draft_n,
    accepted: timings.draft_n_accepted,
  }
}

async function isUp(address: string): Promise<boolean> {
  const response = await fetch(`${address}/health`).catch(() => undefined)
  await response?.text()
  return response?.ok === true
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
