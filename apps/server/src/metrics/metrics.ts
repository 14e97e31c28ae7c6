import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Engine } from '../engine/engine.js'
import type { EngineObserver } from '../engine/observer.js'
import { Speedups } from './speedups.js'

/** Positions in a draft that are told apart; those beyond are counted with the last. */
const positions = 16
const waits = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const gaps = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** What is counted of an engine, for Prometheus. */
export interface EngineMetrics {
  /** Of these metrics alone. */
  readonly registry: Registry
  /** To be passed to `openEngine`. */
  readonly observer: EngineObserver
  /** Whose load is shown: the gauges ask it when they are read. */
  watch(engine: Pick<Engine, 'state'>): void
}

/** Metrics in a registry of their own. Times in seconds; what is counted by `strategy` has `none` for plain decoding. */
export function engineMetrics(): EngineMetrics {
  const registry = new Registry()
  const registers = [registry]
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]): Counter<Label> =>
    new Counter({ name: `foretoken_${name}`, help, labelNames, registers })
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name: `foretoken_${name}`, help, buckets, registers })
  let watched: Pick<Engine, 'state'> | undefined
  const load = (name: string, help: string, value: (state: Engine['state']) => number): void => {
    const gauge = new Gauge({
      name: `foretoken_${name}`,
      help,
      registers: [],
      collect() {
        if (watched) this.set(value(watched.state))
      },
    })
    registry.registerMetric(gauge)
  }
  const ratio = (name: string, help: string, values: () => Iterable<readonly [string, number]>): void => {
    const gauge = new Gauge({
      name: `foretoken_${name}`,
      help,
      labelNames: ['strategy'],
      registers: [],
      collect() {
        for (const [strategy, value] of values()) this.set({ strategy }, value)
      },
    })
    registry.registerMetric(gauge)
  }

  const requests = counter('requests_total', 'Requests by how they ended; refused: turned away, busy.', 'outcome')
  const promptTokens = counter('prompt_tokens_total', 'Tokens of prompts.')
  const cachedTokens = counter('prompt_tokens_cached_total', 'Tokens of prompts that the cache held already.')
  const tokens = counter('tokens_total', 'Tokens said, also those that end a text.', 'strategy')
  const passes = counter('passes_total', 'Rounds, each of which takes part in one pass of the target.', 'strategy')
  const decoding = counter('decode_seconds_total', 'Time that rounds took, summed over requests.', 'strategy')
  const drafted = counter('drafted_tokens_total', 'Tokens drafted, by place in the draft.', 'strategy', 'position')
  const judged = counter(
    'judged_tokens_total',
    'Drafted tokens before which none was refused: accepted over judged is alpha at this place.',
    'strategy',
    'position',
  )
  const accepted = counter('accepted_tokens_total', 'Drafted tokens accepted, by place.', 'strategy', 'position')
  const decisions = counter(
    'guard_rounds_total',
    'Rounds by what the draft length decided: draft, off, trial or check.',
    'decision',
  )
  const queueTime = histogram('queue_seconds', 'From a request until its turn.', waits)
  const firstToken = histogram('first_token_seconds', 'From a request until its first token.', waits)
  const between = histogram('between_tokens_seconds', 'Between tokens of a text, without the time of its reader.', gaps)
  load('waiting', 'Requests that wait for their turn.', ({ waiting }) => waiting)
  load('active', 'Generations under way.', ({ active }) => active)
  load('parallel', 'Generations that may be under way at once.', ({ parallel }) => parallel)

  const speedups = new Speedups()
  ratio('tau', 'Tokens for each pass of the target.', () => speedups.tau())
  ratio('speedup_estimated', 'Against plain decoding at the same load, by how pass times grow with width.', () =>
    speedups.estimated(),
  )
  ratio('speedup_measured', 'Against rounds without a draft, as they were timed here.', () => speedups.measured())

  return {
    registry,
    watch(engine) {
      watched = engine
    },
    observer: {
      refused: () => requests.inc({ outcome: 'refused' }),
      began(run) {
        promptTokens.inc(run.promptTokens)
        cachedTokens.inc(run.cachedTokens)
        queueTime.observe(run.waitedMs / 1000)
      },
      round(strategy, round) {
        const { draft, verdict, totalMs } = round
        speedups.round(strategy, round)
        tokens.inc({ strategy }, verdict.accepted + 1)
        passes.inc({ strategy })
        decoding.inc({ strategy }, totalMs / 1000)
        for (let i = 0; i < draft.tokens.length; i++) {
          const place = { strategy, position: String(Math.min(i + 1, positions)) }
          drafted.inc(place)
          if (i <= verdict.accepted) judged.inc(place)
          if (i < verdict.accepted) accepted.inc(place)
        }
      },
      token: (first, ms) => (first ? firstToken : between).observe(ms / 1000),
      ended(report) {
        requests.inc({ outcome: report.outcome })
        speedups.ended(report)
        for (const [decision, rounds] of Object.entries(report.length?.rounds ?? {}))
          decisions.inc({ decision }, rounds)
      },
    },
  }
}
