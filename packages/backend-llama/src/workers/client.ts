import { lookup } from 'node:dns/promises'
import { Agent, request } from 'node:http'
import { ForetokenError } from '@foretoken/core'
import { type Claim, messagesVersion, type WorkerInfo } from './messages.js'

/** What a request may take, in milliseconds. */
const patienceMs = 3500
/** What is sent to measure the wire, in bytes. */
const measured = 4 * 2 ** 20

/** A worker, as seen from the near machine. */
export class WorkerClient {
  /** As it was given: `host:port`. */
  readonly address: string
  private readonly host: string
  private readonly port: number
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 2, noDelay: true } as object)

  /** @throws `invalid-argument` when it is no `host:port`. */
  constructor(address: string) {
    const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d+)$/.exec(address)
    const port = Number(match?.[3])
    if (!match || port < 1 || port > 65_535) {
      throw new ForetokenError('invalid-argument', `${address} is no worker: write host:port, such as 10.0.0.2:50052.`)
    }
    this.address = address
    this.host = (match[1] ?? match[2])!
    this.port = port
  }

  /** As llama.cpp takes it, which knows IPv4 only. @throws `worker-lost` for a name that is not known. */
  async endpoint(): Promise<string> {
    try {
      const { address } = await lookup(this.host, { family: 4 })
      return `${address}:${this.port}`
    } catch (cause) {
      throw new ForetokenError('worker-lost', `${this.host} has no IPv4 address, and llama.cpp knows no other.`, {
        cause,
      })
    }
  }

  /** @throws `worker-lost` when it does not answer, or is no worker of ours. */
  async info(): Promise<WorkerInfo> {
    const info = (await this.ask('GET', '/')) as Partial<WorkerInfo>
    if (info.foretoken === messagesVersion) return info as WorkerInfo
    throw new ForetokenError(
      'worker-lost',
      `${this.address} is no worker of this version: run foretoken worker of the same version there.`,
    )
  }

  /** @throws `worker-lost` when it refuses, with the reason; its `cause` is `final` where asking again makes no sense. */
  async claim(claim: Omit<Claim, 'foretoken'>): Promise<WorkerInfo> {
    // It may have to end the process of an earlier client, and to start another.
    return (await this.ask('POST', '/claim', { ...claim, foretoken: messagesVersion }, 20_000)) as WorkerInfo
  }

  async beat(owner: string): Promise<void> {
    await this.ask('POST', '/beat', { owner })
  }

  async release(owner: string): Promise<void> {
    await this.ask('POST', '/release', { owner }).catch(() => {})
    this.agent.destroy()
  }

  /** The shortest of five round trips, in milliseconds. */
  async latency(): Promise<number> {
    let best = Infinity
    for (let i = 0; i < 5; i++) {
      const started = performance.now()
      await this.ask('GET', '/')
      best = Math.min(best, performance.now() - started)
    }
    return best
  }

  /** Bytes a second to it. */
  async bandwidth(latencyMs: number): Promise<number> {
    const started = performance.now()
    await this.ask('POST', '/sink', Buffer.alloc(measured), 30_000)
    return (1000 * measured) / Math.max(0.1, performance.now() - started - latencyMs)
  }

  private ask(method: string, path: string, body?: unknown, patience = patienceMs): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (why: string, final = false, cause?: unknown): void =>
        reject(
          new ForetokenError('worker-lost', `The worker ${this.address} ${why}.`, { cause: final ? never : cause }),
        )
      const call = request(
        { host: this.host, port: this.port, method, path, agent: this.agent, signal: AbortSignal.timeout(patience) },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (part: string) => (text += part))
          response.on('error', (error) => fail(`broke off (${error.message})`, false, error))
          response.on('end', () => {
            let answer: { message?: string; final?: boolean }
            try {
              answer = JSON.parse(text) as typeof answer
            } catch {
              return fail('does not speak as a worker does', true)
            }
            if (response.statusCode === 200) resolve(answer)
            else fail(`refuses: ${answer.message}`, answer.final)
          })
        },
      )
      call.on('error', (error: NodeJS.ErrnoException) => fail(whyOf(error, patience), false, error))
      call.end(body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body))
    })
  }
}

const never = new Error('final')

/** Whether it makes no sense to ask again. */
export function isFinal(error: unknown): boolean {
  return ForetokenError.is(error) && (error.code !== 'worker-lost' || error.cause === never)
}

function whyOf(error: NodeJS.ErrnoException, patience: number): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return `does not answer within ${patience / 1000} s`
  if (error.code === 'ECONNREFUSED') return 'cannot be reached: nobody listens there. Run foretoken worker on it'
  return `cannot be reached (${error.code ?? error.message})`
}
