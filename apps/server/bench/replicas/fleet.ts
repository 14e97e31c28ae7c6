import { type ServeProcess, startServe } from '../serve-process.js'

export interface FleetOptions {
  readonly replicas: number
  /** Of each. */
  readonly parallel: number
  readonly queue: number
  readonly signal: AbortSignal
}

/** Servers that are alike, each of which may be lost and come back. */
export interface Fleet {
  readonly replicas: readonly ServeProcess[]
  /** Starts another one where that one listened, when it has ended. */
  replace(replica: number): Promise<void>
  kill(): void
}

/** So long a replica that is told to stop waits for its answers, in seconds. */
export const drain = 60

/** Starts `foretoken serve` with the demo pair, several times, each with one thread. @throws `runtime` */
export async function startFleet({ replicas: count, parallel, queue, signal }: FleetOptions): Promise<Fleet> {
  const load = { parallel, queue, drain, threads: 1 }
  const args = ['--gpu', 'off', ...Object.entries(load).flatMap(([name, value]) => [`--${name}`, String(value)])]
  const replicas: ServeProcess[] = []
  const kill = (): void => replicas.forEach((replica) => replica.kill())
  try {
    // One by one: they share what the first measures of the models.
    for (let i = 0; i < count; i++) replicas.push(await startServe({ args, signal }))
  } catch (error) {
    kill()
    throw error
  }
  return {
    replicas,
    async replace(replica) {
      const { port } = new URL(replicas[replica]!.url)
      replicas[replica] = await startServe({ args: [...args, '--port', port], signal })
    },
    kill,
  }
}
