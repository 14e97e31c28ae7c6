import type { ChildProcess } from 'node:child_process'
import { connect, createServer, type Socket } from 'node:net'
import { ForetokenError } from '@foretoken/core'
import { forkModule, lastWords } from '../fork-module.js'
import type { EngineReport, EngineStart } from './engine-messages.js'

type Ready = Extract<EngineReport, { type: 'ready' }>

/** How often an engine is asked whether it lives, and how long it may take to answer, in milliseconds. */
const pingMs = 1000
const patienceMs = 3500
/** How long it may take to start. */
const startMs = 60_000

/** An engine that listens. */
export interface Engine {
  readonly ready: Ready
  /** Of llama.cpp's protocol: `7.0.0`. */
  readonly protocol: string
  /** A connection to it. */
  connect(): Socket
  /** Resolves when it has ended, with why. */
  readonly ended: Promise<string>
  kill(): void
}

/** Starts an engine, and waits until it answers. @throws What the engine failed with, or `runtime`, also when aborted. */
export async function startEngine(options: Omit<EngineStart, 'port'>, signal: AbortSignal): Promise<Engine> {
  const port = await freePort()
  const child = forkModule('engine', 'workers/engine')
  const words = lastWords(child)
  const kill = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  if (signal.aborted) kill()
  const ended = new Promise<string>((resolve) => {
    child.on('exit', (code, name) => {
      signal.removeEventListener('abort', kill)
      resolve(words() || `it ended with ${name ?? `code ${code}`}`)
    })
  })
  const late = setTimeout(kill, startMs)
  try {
    const ready = await new Promise<Ready>((resolve, reject) => {
      child.on('message', (report: EngineReport) => {
        if (report.type === 'ready') resolve(report)
        if (report.type === 'failed') reject(new ForetokenError(report.code, report.message))
      })
      void ended.then((why) => reject(new ForetokenError('runtime', `llama.cpp's server did not start: ${why}.`)))
      child.send({ ...options, port } satisfies EngineStart)
    })
    const protocol = await hello(port, ended)
    watch(child)
    return { ready, protocol, connect: () => connect({ port, host: '127.0.0.1', noDelay: true }), ended, kill }
  } catch (error) {
    kill()
    throw error
  } finally {
    clearTimeout(late)
  }
}

/** Ends an engine that does not answer: one that hangs would keep its client waiting for ever. */
function watch(child: ChildProcess): void {
  let answered = performance.now()
  child.on('message', () => (answered = performance.now()))
  const timer = setInterval(() => {
    if (performance.now() - answered > patienceMs) child.kill('SIGKILL')
    else if (child.connected) child.send('ping', () => {})
  }, pingMs)
  child.on('exit', () => clearInterval(timer))
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

/** llama.cpp's greeting: the command, the length of what follows, and what the client's wires can do (nothing special). */
const greeting = Buffer.concat([Buffer.from([14]), Buffer.from(BigUint64Array.of(24n).buffer), Buffer.alloc(24)])
/** The length, three bytes of version, one that means nothing, and what the server's wires can do. */
const answerBytes = 8 + 4 + 24

/** Greets the server until it answers. @returns The version of its protocol. */
async function hello(port: number, ended: Promise<string>): Promise<string> {
  let over = false
  void ended.then(() => (over = true))
  while (!over) {
    const version = await greet(port)
    if (version !== undefined) return version
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new ForetokenError('runtime', `llama.cpp's server did not start: ${await ended}.`)
}

function greet(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0)
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(greeting))
    socket.on('data', (data) => {
      answer = Buffer.concat([answer, data])
      if (answer.length < answerBytes) return
      resolve([answer[8], answer[9], answer[10]].join('.'))
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(undefined))
  })
}
