import { randomUUID } from 'node:crypto'
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { ForetokenError } from '@foretoken/core'
import { cacheFolder } from '../cache-folder.js'
import { formatBytes } from '../memory.js'
import { type Gpu, openRuntime } from '../runtime.js'
import { type Engine, startEngine } from './engine-process.js'
import type { EngineStart } from './engine-messages.js'
import { ensureRpcLibrary } from './library.js'
import { type Claim, messagesVersion, silenceMs, type WorkerInfo } from './messages.js'

export interface WorkerOptions {
  /** An address of this machine. Default `127.0.0.1`: this machine only. There is no authentication. */
  readonly host?: string
  /** 0: any that is free. */
  readonly port: number
  /** Default `'auto'`. */
  readonly gpu?: Gpu
  /** Names of devices, as llama.cpp has them. Default: all GPUs, or else the CPU. */
  readonly devices?: readonly string[] | undefined
  /** The most bytes that a model may use here. Default: what is free. */
  readonly memory?: number | undefined
  /** Of the CPU, for each pass. Default: the physical cores. */
  readonly threads?: number | undefined
  /** Keep large weights on disk (below `~/.cache/foretoken`), so that they come over the wire once. Default `false`. */
  readonly cache?: boolean
  /** Told of clients that come and go, and of what is refused. */
  readonly onEvent?: (message: string) => void
  /** While the RPC backend is being built. From 0 to 1. */
  readonly onBuild?: (fraction: number) => void
  readonly signal?: AbortSignal
}

/** A machine that computes layers for another one. */
export interface Worker {
  readonly host: string
  readonly port: number
  readonly info: WorkerInfo
  /** Ends it, whoever uses it. */
  close(): Promise<void>
}

/** The first byte of llama.cpp's protocol: its command to say hello. */
const helloByte = 14

/**
 * Lends this machine to models of others: llama.cpp's RPC server, in a process of its own, behind a port
 * that takes one client at a time, and only one of the same release.
 *
 * @throws `invalid-argument` (no such device or address, port in use), `unsupported`, `runtime`, or the signal's reason.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const { host = '127.0.0.1', gpu = 'auto', signal } = options
  await mustBeFree(host, options.port)
  const runtime = await openRuntime(gpu)
  const library = await ensureRpcLibrary(runtime, { onProgress: options.onBuild, signal })
  signal?.throwIfAborted()
  const start: Omit<EngineStart, 'port'> = {
    library,
    gpu,
    names: options.devices,
    threads: options.threads,
    cacheFolder: options.cache ? join(cacheFolder(), 'rpc') : undefined,
  }
  const over = new AbortController()
  const front = new Front(start, await startEngine(start, over.signal), over, options)
  try {
    const port = await front.listen(host, options.port)
    return { host, port, info: front.info(), close: () => front.close() }
  } catch (error) {
    await front.close()
    throw error
  }
}

/** Stands on the port, and lets in who has claimed the worker. */
class Front {
  private readonly instance = randomUUID()
  private readonly http = createHttp((request, response) => void this.answer(request, response))
  private readonly server = createServer({ noDelay: true }, (socket) => this.look(socket))
  private readonly sockets = new Set<Socket>()
  /** Connections of the client to the engine. */
  private readonly inner = new Set<Socket>()
  private readonly start: Omit<EngineStart, 'port'>
  private readonly options: WorkerOptions
  private engine: Promise<Engine>
  /** What is known of the engines: they are all alike. */
  private readonly first: Engine
  private session: { readonly claim: Claim; readonly address: string; heard: number } | undefined
  private readonly timer: NodeJS.Timeout
  /** Ends all engines. */
  private readonly over: AbortController

  constructor(start: Omit<EngineStart, 'port'>, engine: Engine, over: AbortController, options: WorkerOptions) {
    this.over = over
    this.start = start
    this.options = options
    this.first = engine
    this.engine = Promise.resolve(engine)
    this.follow(engine)
    this.timer = setInterval(() => this.expire(), 1000)
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.on('error', (error: NodeJS.ErrnoException) => reject(notListening(host, port, error)))
      this.server.listen({ host, port }, () => resolve((this.server.address() as { port: number }).port))
    })
  }

  info(): WorkerInfo {
    const { ready, protocol } = this.first
    const free = ready.devices.reduce((sum, device) => sum + device.free, 0)
    return {
      foretoken: messagesVersion,
      release: ready.release,
      protocol,
      instance: this.instance,
      devices: ready.devices,
      threads: ready.threads,
      kernels: ready.kernels,
      memory: Math.min(free, this.options.memory ?? Infinity),
      busy: this.session !== undefined,
    }
  }

  async close(): Promise<void> {
    this.over.abort()
    clearInterval(this.timer)
    for (const socket of [...this.sockets, ...this.inner]) socket.destroy()
    this.http.close()
    await new Promise((resolve) => this.server.close(resolve))
    await (
      await this.engine.catch(() => undefined)
    )?.ended
  }

  /** By its first byte, who it is for. */
  private look(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    socket.once('data', (chunk: Buffer) => {
      socket.pause()
      if (chunk[0] === helloByte) return void this.relay(socket, chunk)
      this.http.emit('connection', socket)
      socket.unshift(chunk)
      socket.resume()
    })
  }

  private async relay(socket: Socket, chunk: Buffer): Promise<void> {
    if (this.session === undefined || this.session.address !== socket.remoteAddress) {
      this.tell(`refused ${socket.remoteAddress}: it had not claimed this worker`)
      socket.destroy()
      return
    }
    const engine = await this.engine.catch(() => undefined)
    if (engine === undefined || socket.destroyed) return void socket.destroy()
    const inner = engine.connect()
    this.inner.add(inner)
    inner.on('close', () => {
      this.inner.delete(inner)
      socket.destroy()
    })
    inner.on('error', () => socket.destroy())
    socket.on('close', () => inner.destroy())
    inner.write(chunk)
    socket.pipe(inner)
    inner.pipe(socket)
    socket.resume()
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
    }
    try {
      // No web page may take a worker: browsers say where a request comes from.
      if (request.headers.origin !== undefined) return send(403, { message: 'Not for web pages.' })
      const what = `${request.method} ${request.url}`
      if (what === 'GET /') return send(200, this.info())
      if (what === 'POST /sink') {
        request.resume()
        return void request.on('end', () => send(200, {}))
      }
      const body = (await json(request)) as Claim
      if (what === 'POST /claim') {
        const refusal = this.refusal(body)
        if (refusal !== undefined) {
          this.tell(`refused ${request.socket.remoteAddress}: ${refusal}`)
          return send(409, { message: refusal, final: !this.taken(body) })
        }
        await this.take(body, request.socket.remoteAddress ?? '')
        return send(200, this.info())
      }
      if (this.session === undefined || this.session.claim.owner !== body.owner) return send(410, { message: 'gone' })
      if (what === 'POST /release') this.end('gave it back')
      else this.session.heard = performance.now()
      send(200, {})
    } catch (error) {
      send(400, { message: error instanceof Error ? error.message : String(error) })
    }
  }

  /** Why a claim is not met. */
  private refusal(claim: Claim): string | undefined {
    const { release, memory } = this.info()
    if (claim.foretoken !== messagesVersion || claim.release !== release) {
      return `it runs llama.cpp ${release} and you run ${claim.release}: install the same version of this package on both`
    }
    if (this.taken(claim)) return `it computes for somebody else (${this.session!.claim.model}): try again later`
    if (!(claim.bytes <= memory)) {
      return `it lends ${formatBytes(memory)} and you want ${formatBytes(claim.bytes)}: give it a smaller share (split)`
    }
    return undefined
  }

  private taken(claim: Claim): boolean {
    return this.session !== undefined && this.session.claim.owner !== claim.owner
  }

  private async take(claim: Claim, address: string): Promise<void> {
    if (this.session !== undefined) this.end('claimed it again')
    // It need not be heard of while it waits for us.
    const session = (this.session = { claim, address, heard: Infinity })
    this.tell(`${address} takes it for ${claim.model}, ${formatBytes(claim.bytes)}`)
    await this.engine
    session.heard = performance.now()
  }

  private expire(): void {
    if (this.session && performance.now() - this.session.heard > silenceMs) this.end('fell silent')
  }

  /** llama.cpp's server forgets a client when its connection is closed, and is ready for the next. */
  private end(why: string): void {
    this.tell(`${this.session!.address} ${why}`)
    this.session = undefined
    for (const inner of this.inner) inner.destroy()
  }

  private complain(error: Error): void {
    if (!this.over.signal.aborted) this.tell(`cannot start again: ${error.message}`)
  }

  private async renewed(): Promise<Engine> {
    const engine = await startEngine(this.start, this.over.signal)
    this.follow(engine)
    return engine
  }

  private follow(engine: Engine): void {
    void engine.ended.then(async (why) => {
      if (this.over.signal.aborted || (await this.engine.catch(() => undefined)) !== engine) return
      this.tell(`its engine has ended: ${why}`)
      if (this.session !== undefined) this.end('has lost it')
      this.engine = this.renewed()
      this.engine.catch((error: Error) => this.complain(error))
    })
  }

  private tell(message: string): void {
    this.options.onEvent?.(message)
  }
}

/** Before anything takes time. */
async function mustBeFree(host: string, port: number): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.on('error', (error) => reject(notListening(host, port, error)))
    server.listen({ host, port }, resolve)
  })
  await new Promise((resolve) => server.close(resolve))
}

function notListening(host: string, port: number, error: NodeJS.ErrnoException): ForetokenError {
  const why =
    error.code === 'EADDRINUSE'
      ? `Port ${port} of ${host} is in use. Choose another, or end what listens there.`
      : error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND'
        ? `${host} is not an address of this machine. Use one that it has, or 0.0.0.0 for all.`
        : `Port ${port} of ${host} cannot be listened on (${error.message}).`
  return new ForetokenError('invalid-argument', why, { cause: error })
}
