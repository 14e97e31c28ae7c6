import { setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import OpenAI from 'openai'
import { type Memory, type ServeProcess, startServe } from '../serve-process.js'
import { type Answer, ask } from './ask.js'
import { type Case, openCases } from './cases.js'
import { simulate, type World } from './client.js'
import { type Fork, judge } from './forks.js'
import { growth, mostGrowth, percentiles, Tally } from './tally.js'

export interface SoakOptions {
  readonly clients: number
  /** How long all of them ask, in milliseconds. */
  readonly ms: number
  readonly parallel: number
  readonly queue: number
  /** Prompts of each kind. Default 6. */
  readonly prompts?: number
  /** Processor threads of the server's passes. Default: its own. */
  readonly threads?: number
  readonly signal: AbortSignal
  /** A line for people. */
  readonly onProgress?: (line: string) => void
}

export type SoakReport = Awaited<ReturnType<typeof soak>>

const sampleMs = 10_000
/** The server waits so long for answers under way when it is told to stop, in seconds; then we do, for it. */
const drain = 90
const patienceMs = 1000 * (drain + 30)

/** Starts a server, lets clients loose on it, and ends it under their hands. @throws `runtime` when it does not start. */
export async function soak(options: SoakOptions) {
  const { clients, ms, signal, onProgress = () => {} } = options
  const [key, wrongKey] = ['soak-key', 'soak-kex']
  const server = await start(options, key)
  const ending = new AbortController()
  // Each client listens while it waits.
  setMaxListeners(0, ending.signal)
  try {
    const { url, model } = server
    const open = (apiKey: string): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 })
    const client = open(key)
    const cases = await openCases(options.prompts ?? 6)
    onProgress(`${cases.length} answers to a client that is alone`)
    const alone = new Map<Case, Answer>()
    for (const one of cases) alone.set(one, await ask(client, one, { model, signal }))

    const tally = new Tally()
    const world: World = {
      ...{ url, model, key, client, cases, alone, tally },
      stranger: open(wrongKey),
      ending: ending.signal,
    }
    const began = performance.now()
    const running = Promise.all(Array.from({ length: clients }, (_, i) => simulate(world, i)))
    const memory = await watchMemory(server, { until: began + ms, signal }, (sample, seconds) => {
      const { answers, tokens, busy, faults } = tally
      const said = `${answers} answers, ${tokens} tokens, ${busy} told to come again, ${faults.size} faults`
      onProgress(`${Math.round(seconds)} s: ${said}, ${Math.round(sample.rss / 2 ** 20)} MiB`)
    })
    const seconds = (performance.now() - began) / 1000
    // Counted here, as the rates are: what comes while the server stops comes at another pace.
    const { answers, tokens, busy } = tally
    onProgress('SIGTERM, while all are asking')
    const endedAt = performance.now()
    ending.abort()
    const exitCode = await server.terminate(patienceMs)
    const shutdownMs = performance.now() - endedAt
    await running

    onProgress(`${tally.differences.length} answers differ: near-ties?`)
    const forks = await judge(tally.differences, signal)
    const grown = {
      rss: growth(memory.map(({ rss }) => rss)),
      heap: growth(memory.map(({ heapUsed }) => heapUsed)),
    }
    return {
      ...{ clients, parallel: options.parallel, queue: options.queue, seconds },
      ...{ answers, tokens, tokensPerSecond: tokens / seconds, busy },
      firstMs: percentiles(tally.firstMs),
      misdeeds: tally.misdeeds,
      memory,
      grown,
      shutdown: { exitCode, ms: shutdownMs, answered: tally.answeredAtEnd, refused: tally.refusedAtEnd },
      forks,
      faults: [...faultsOf(tally, server), ...wrongForks(forks), ...outgrown(grown), ...badEnd(exitCode)],
    }
  } finally {
    ending.abort()
    server.kill()
  }
}

function start({ parallel, queue, threads, signal }: SoakOptions, key: string): Promise<ServeProcess> {
  const load = { parallel, queue, drain, ...(threads !== undefined && { threads }) }
  const args = ['--gpu', 'off', ...Object.entries(load).flatMap(([name, value]) => [`--${name}`, String(value)])]
  return startServe({ args, env: { FORETOKEN_API_KEYS: key }, signal })
}

async function watchMemory(
  server: ServeProcess,
  { until, signal }: { readonly until: number; readonly signal: AbortSignal },
  onSample: (memory: Memory, seconds: number) => void,
): Promise<Memory[]> {
  const samples: Memory[] = []
  const began = performance.now()
  for (let left = until - began; left > 0; left = until - performance.now()) {
    await setTimeout(Math.min(sampleMs, left), undefined, { signal })
    const sample = await server.memory()
    samples.push(sample)
    onSample(sample, (performance.now() - began) / 1000)
  }
  return samples
}

function faultsOf({ faults, answers }: Tally, { failures }: ServeProcess): string[] {
  return [
    ...[...faults].map(([what, times]) => `${times} times: ${what}`),
    ...(answers === 0 ? ['Nothing was answered.'] : []),
    ...failures.map((line) => `the server's log: ${line}`),
  ]
}

function wrongForks(forks: readonly Fork[]): string[] {
  return forks
    .filter(({ verdict }) => verdict === 'bug')
    .map(({ id, times, gap }) => `${times} times: another answer to ${id} than alone, ${gap} nats away: no near-tie`)
}

function outgrown(grown: Readonly<Record<string, number | undefined>>): string[] {
  return Object.entries(grown)
    .filter(([, factor]) => factor !== undefined && !(factor <= mostGrowth))
    .map(([what, factor]) => `${what} grew to ${factor!.toFixed(3)} times what it was`)
}

function badEnd(exitCode: number | null): string[] {
  return exitCode === 0 ? [] : [`The server ended with ${exitCode ?? 'nothing, and was killed'} on SIGTERM.`]
}
