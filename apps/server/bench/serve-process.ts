import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ForetokenError } from '@foretoken/core'

const program = fileURLToPath(new URL('serve-child.ts', import.meta.url))

/** What of a process's memory is looked at, in bytes. */
export type Memory = Pick<NodeJS.MemoryUsage, 'rss' | 'heapUsed'>

/** `foretoken serve` in a process of its own, from this tree's sources. */
export interface ServeProcess {
  readonly url: string
  /** What requests call the model. */
  readonly model: string
  /** Requests that the log calls a failure of the server. */
  readonly failures: readonly string[]
  /** What it holds after a garbage collection. */
  memory(): Promise<Memory>
  /** Sends SIGTERM. @returns The exit code, once it has ended; `null` when it was killed after `patienceMs`. */
  terminate(patienceMs: number): Promise<number | null>
  kill(): void
}

export interface ServeOptions {
  /** The command line, without the port. */
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** Starts it on a free port, and waits until it is ready. @throws `runtime` when it ends instead. */
export async function startServe({ args, env, signal }: ServeOptions): Promise<ServeProcess> {
  const node = ['--expose-gc', '--conditions=@foretoken/source', '--import', 'tsx']
  const child = spawn(process.execPath, [...node, program, 'serve', '--json', '--port', '0', ...args], {
    cwd: dirname(program),
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    signal,
  })
  child.on('error', () => {})
  const log = readLog(child)
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
    child.once('error', () => child.pid === undefined && resolve(null))
  })
  const ready = await Promise.race([once(child.stdout!.setEncoding('utf8'), 'data'), ended])
  if (!Array.isArray(ready)) {
    signal?.throwIfAborted()
    child.kill()
    throw new ForetokenError('runtime', `foretoken serve did not start: ${log.said.join(' / ')}`)
  }
  const { url, model } = JSON.parse(ready[0] as string) as { url: string; model: string }
  return {
    url,
    model,
    failures: log.failures,
    async memory() {
      child.send('memory')
      const answer = await Promise.race([once(child, 'message'), ended])
      if (!Array.isArray(answer)) throw new ForetokenError('runtime', `foretoken serve ended with ${answer}.`)
      return answer[0] as Memory
    },
    async terminate(patienceMs) {
      const late = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      child.kill('SIGTERM')
      const code = await ended
      clearTimeout(late)
      return code
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Its lines: those of requests that failed through no fault of theirs, and the last of what is not about requests. */
function readLog(child: ChildProcess): { said: string[]; failures: string[] } {
  const log = { said: [] as string[], failures: [] as string[] }
  createInterface({ input: child.stderr! }).on('line', (line) => {
    if (!line.startsWith('{')) log.said = [...log.said.slice(-9), line]
    else if (failed(line)) log.failures.push(line)
  })
  return log
}

function failed(line: string): boolean {
  // pino's: 50 is an error.
  return (JSON.parse(line) as { level: number }).level >= 50
}
