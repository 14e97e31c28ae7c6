import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Host } from './hosts.js'
import type { Answer, Task } from './tasks.js'

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Starts a program of this tree, on a host if there is one. */
function start(host: Host | undefined, file: string, args: readonly string[], ipc: boolean): ChildProcess {
  const node = [process.execPath, '--conditions=@foretoken/source', '--import', 'tsx', fileOf(file), ...args]
  const [program, ...rest] = host === undefined ? node : ['ip', 'netns', 'exec', host.name, ...node]
  return spawn(program!, rest, {
    env: { ...process.env, NO_COLOR: '1' },
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
  })
}

/** `foretoken worker` on a host. */
export interface WorkerProcess {
  readonly address: string
  /** What it said on stderr. */
  readonly said: readonly string[]
  /** It and its engine, at once. */
  kill(): Promise<void>
  /** SIGSTOP: it is there, and does nothing. */
  freeze(): void
  /** SIGTERM. @returns The exit code. */
  end(): Promise<number | null>
}

/** Starts a worker on a host, or, without one, on a loopback address, and waits until it listens. */
export async function startWorkerProcess(
  host: Host | undefined,
  args: readonly string[] = [],
  listen: string = host?.listen ?? '127.0.0.1:0',
): Promise<WorkerProcess> {
  const child = start(
    host,
    '../../src/main.ts',
    ['worker', '--listen', listen, '--gpu', 'off', '--json', ...args],
    false,
  )
  const said: string[] = []
  createInterface({ input: child.stderr! }).on('line', (line) => said.push(line))
  const ended = once(child, 'exit') as Promise<[number | null]>
  const line = await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line'),
    ended.then(() => undefined),
  ])
  if (line === undefined) throw new Error(`The worker did not start: ${said.join(' / ')}`)
  const { address } = JSON.parse(line[0] as string) as { address: string }
  const signal = async (name: NodeJS.Signals): Promise<number | null> => {
    child.kill(name)
    return (await ended)[0]
  }
  return {
    address: host?.address ?? address,
    said,
    kill: async () => void (await signal('SIGKILL')),
    freeze: () => void child.kill('SIGSTOP'),
    end: () => signal('SIGTERM'),
  }
}

/** A program that holds models, on a host. */
export interface NearProcess {
  ask(task: Task): Promise<Answer>
  /** Resolves when that many tokens of the generation under way have been said. */
  said(tokens: number): Promise<void>
  /** Resolves when it next notices that a worker is lost, with when that was (`Date.now()`). */
  lost(): Promise<number>
  end(): void
  /** Whether it is still there: it must be, whatever happens to workers. */
  readonly alive: boolean
}

export function startNear(host: Host | undefined): NearProcess {
  const child = start(host, 'near.ts', [], true)
  child.stderr!.pipe(process.stderr)
  let alive = true
  const gone = new Promise<never>((_, reject) => {
    child.on('exit', () => {
      alive = false
      reject(new Error('The near program has ended.'))
    })
  })
  gone.catch(() => {})
  let tokens = 0
  let waiting: { readonly tokens: number; readonly resolve: () => void }[] = []
  child.on('message', (message: { tokens?: number }) => {
    if (message.tokens === undefined) return
    tokens = message.tokens
    for (const each of waiting) if (tokens >= each.tokens) each.resolve()
    waiting = waiting.filter((each) => tokens < each.tokens)
  })
  return {
    get alive() {
      return alive
    },
    async ask(task) {
      tokens = 0
      waiting = []
      child.send(task)
      const answer = new Promise<Answer>((resolve, reject) => {
        const listen = (message: Partial<Answer> & { error?: string }): void => {
          if (message.error === undefined && message.text === undefined && message.description === undefined) return
          child.off('message', listen)
          if (message.error === undefined) resolve(message as Answer)
          else reject(Object.assign(new Error(message.error), message))
        }
        child.on('message', listen)
      })
      return Promise.race([answer, gone])
    },
    said: (count) => new Promise((resolve) => waiting.push({ tokens: count, resolve })),
    lost: () =>
      new Promise((resolve) => {
        const listen = ({ lostAt }: { lostAt?: number }): void => {
          if (lostAt === undefined) return
          child.off('message', listen)
          resolve(lostAt)
        }
        child.on('message', listen)
      }),
    end: () => void child.kill('SIGKILL'),
  }
}
