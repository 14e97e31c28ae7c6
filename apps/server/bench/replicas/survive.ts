import { setMaxListeners } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { type Chance, createChance } from '@foretoken/core'
import OpenAI from 'openai'
import { type Answer, ask } from '../soak/ask.js'
import { type Case, openCases } from '../soak/cases.js'
import { judge } from '../soak/forks.js'
import { pick } from '../soak/pick.js'
import { Tally } from '../soak/tally.js'
import { startBalancer } from './balancer.js'
import { drain, type Fleet, startFleet } from './fleet.js'
import { persistent } from './persistent.js'

export interface SurviveOptions {
  readonly clients: number
  readonly replicas: number
  /** How often a replica is killed and replaced, while all are asking. */
  readonly kills: number
  /** Prompts of each kind. */
  readonly prompts: number
  readonly signal: AbortSignal
  /** A line for people. */
  readonly onProgress?: (line: string) => void
}

export type SurviveReport = Awaited<ReturnType<typeof survive>>

/** Between the moment when all are asking and a kill, in milliseconds. */
const leads = [0, 50, 100, 200, 400, 800, 1600]
/** A replica that was told to stop is killed after its own time, and this. */
const patienceMs = 1000 * (drain + 30)

/**
 * Clients that stream through the balancer while replicas are killed and replaced, one after the other, and in the end one
 * is told to stop. @throws `runtime` when a process does not start
 */
export async function survive(options: SurviveOptions) {
  const { clients, kills, signal, onProgress = () => {} } = options
  // Each request listens while it waits.
  setMaxListeners(0, signal)
  // As many as there are clients may come to one replica: this is about those that are lost, not those that wait.
  const fleet = await startFleet({ ...options, parallel: 4, queue: clients })
  const balancer = await startBalancer({ urls: fleet.replicas.map(({ url }) => url) }).catch((error: unknown) => {
    fleet.kill()
    throw error
  })
  try {
    const cases = (await openCases(options.prompts)).map((one): Case => ({ ...one, chat: true }))
    onProgress(`${cases.length} answers to a client that is alone`)
    const { model } = fleet.replicas[0]!
    const alone = new Map<Case, Answer>()
    const single = new OpenAI({ baseURL: `${balancer.url}/v1`, apiKey: 'none' })
    for (const one of cases) alone.set(one, await ask(single, one, { model, signal }))

    const world = new World(balancer.url, model, cases, alone, signal)
    const running = Promise.all(Array.from({ length: clients }, (_, i) => world.client(createChance(i))))
    const chance = createChance(clients)
    for (let i = 0; i < kills; i++) {
      await world.busy()
      await setTimeout(pick(leads, chance), undefined, { signal })
      const victim = await busiest(fleet)
      const before = world.counts.answers
      fleet.replicas[victim]!.kill()
      await fleet.replace(victim)
      const { answers, resumed } = world.counts
      onProgress(`killed replica ${victim}: ${answers - before} answers until it was back; ${resumed} resumed so far`)
    }
    await world.busy()
    const resumedBefore = world.counts.resumed
    const stopped = await busiest(fleet)
    const exitCode = await fleet.replicas[stopped]!.terminate(patienceMs)
    onProgress(`told replica ${stopped} to stop: exit code ${exitCode}`)
    world.enough = true
    await running
    const stop = { exitCode, broken: world.counts.resumed - resumedBefore }

    const passed = await balancer.passed()
    const forks = await judge(world.tally.differences, signal)
    const failedOver = passed.filter(({ tried }) => tried.length > 1).length
    return {
      ...{ clients, replicas: fleet.replicas.length, kills, ...world.counts },
      /** Requests that the balancer took to another replica, before anything had come. */
      failedOver,
      stop,
      forks,
      faults: [
        ...[...world.tally.faults].map(([what, times]) => `${times} times: ${what}`),
        ...forks.filter(({ verdict }) => verdict === 'bug').map(({ id }) => `another answer to ${id} than alone`),
        ...(stop.exitCode === 0
          ? []
          : [`A replica ended with ${stop.exitCode ?? 'nothing'} when it was told to stop.`]),
        ...(stop.broken === 0 ? [] : [`${stop.broken} streams broke when a replica was told to stop.`]),
      ],
    }
  } finally {
    await balancer.stop()
    fleet.kill()
  }
}

/** The replica with the most texts under way: it has streams to lose. */
async function busiest({ replicas }: Fleet): Promise<number> {
  const active = await Promise.all(
    replicas.map(async ({ url }) => {
      const metrics = await (await fetch(`${url}/metrics`)).text()
      return Number(/^foretoken_active (\d+)/m.exec(metrics)![1])
    }),
  )
  return active.indexOf(Math.max(...active))
}

class World {
  readonly tally = new Tally()
  enough = false
  private requests = 0
  private sent = 0
  private resumed = 0
  private streaming = 0
  private asking = 0

  constructor(
    private readonly url: string,
    private readonly model: string,
    private readonly cases: readonly Case[],
    private readonly alone: ReadonlyMap<Case, Answer>,
    private readonly signal: AbortSignal,
  ) {}

  get counts() {
    const { requests, sent, resumed } = this
    return { requests, answers: this.tally.answers, resumed, retriedByLibrary: sent - requests - resumed }
  }

  /** Resolves when texts are under way. */
  async busy(): Promise<void> {
    const before = this.tally.answers
    while (this.streaming < 2 || this.tally.answers < before + this.asking / 4) {
      await setTimeout(20, undefined, { signal: this.signal })
    }
  }

  /** Asks again and again, with the library as it is: what it sends is counted. */
  async client(chance: Chance): Promise<void> {
    const client = new OpenAI({
      baseURL: `${this.url}/v1`,
      apiKey: 'none',
      fetch: (...request) => {
        this.sent++
        return fetch(...request)
      },
    })
    this.asking++
    while (!this.enough) {
      const one = pick(this.cases, chance)
      this.requests++
      try {
        const text = await this.ask(client, one)
        const expected = this.alone.get(one)!
        this.tally.answer(one, { ...expected, text, traced: undefined }, expected)
      } catch (error) {
        this.signal.throwIfAborted()
        this.tally.fault(`${(error as Error).name}: ${(error as Error).message}`)
      }
    }
    this.asking--
  }

  private async ask(client: OpenAI, { prompt, maxTokens, temperature, seed }: Case): Promise<string> {
    let asked = 0
    const pieces = persistent(() => {
      if (asked++ > 0) this.resumed++
      const messages = [{ role: 'user' as const, content: prompt }]
      const request = { model: this.model, messages, max_tokens: maxTokens, temperature, seed, stream: true as const }
      return client.chat.completions.create(request, { signal: this.signal })
    })
    let text = ''
    try {
      for await (const piece of pieces) {
        if (text === '') this.streaming++
        text += piece
      }
    } finally {
      if (text !== '') this.streaming--
    }
    return text
  }
}
