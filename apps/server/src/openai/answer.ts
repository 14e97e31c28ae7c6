import { randomUUID } from 'node:crypto'
import type { Engine, EngineRequest } from '../engine/engine.js'
import { commentFrame, dataFrame, doneFrame } from '../http/event-stream.js'
import type { Choice } from './choice.js'
import type { Job } from './job.js'
import { merge } from './merge.js'
import { type Outcome, reasonOf, say, type Step } from './say.js'
import { statsOf } from './stats.js'
import { traceOf } from './trace.js'
import { type Usage, usageOf } from './usage.js'

interface Line {
  readonly request: EngineRequest
  readonly choice: Choice
}

/** A job under way. Both ways to answer report its usage once it is known. */
export class Answering {
  private readonly lines: readonly Line[]
  private readonly outcomes: Outcome[] = []
  private readonly id: string
  private readonly created = Math.floor(Date.now() / 1000)

  constructor(
    private readonly engine: Engine,
    private readonly job: Job,
    private readonly signal: AbortSignal,
    private readonly onUsage: (usage: Usage) => void,
  ) {
    this.lines = job.prompts.flat().map((request, index) => ({ request, choice: job.choice(index) }))
    this.id = `${job.idPrefix}-${randomUUID().replaceAll('-', '')}`
  }

  /** The answer in one piece. */
  async whole(): Promise<object> {
    for await (const { index, value } of this.steps()) {
      if (value.type === 'end') this.outcomes[index] = value.outcome
    }
    const choices = this.lines.map(({ choice, request }, index) => {
      const outcome = this.outcomes[index]!
      return { ...choice.whole(reasonOf(outcome)), ...statsOf(outcome, request, this.engine) }
    })
    return { ...this.envelope(this.job.object), choices, usage: this.usage() }
  }

  /** The frames of a stream. */
  async *frames(): AsyncGenerator<string, void> {
    const opened = new Set<number>()
    for await (const { index, value } of this.steps()) {
      const { choice, request } = this.lines[index]!
      if (value.type === 'prompt') {
        yield commentFrame(`prompt ${value.read}/${value.total}`)
        continue
      }
      if (!opened.has(index)) {
        opened.add(index)
        const opening = choice.opening()
        if (opening) yield this.chunk(opening)
      }
      if (value.type === 'said') {
        yield* this.said(value, choice)
      } else {
        this.outcomes[index] = value.outcome
        yield this.chunk(choice.ending(reasonOf(value.outcome)), statsOf(value.outcome, request, this.engine))
      }
    }
    const usage = this.usage()
    if (this.job.includeUsage) yield dataFrame({ ...this.envelope(this.job.chunkObject), choices: [], usage })
    yield doneFrame
  }

  private *said({ entries, tokens }: Step & { type: 'said' }, choice: Choice): Generator<string> {
    if (!this.job.trace || tokens.length === 0) {
      for (const entry of entries) yield this.chunk(entry)
      return
    }
    const [first = choice.empty(), ...others] = entries
    const traced = tokens.map((token) => traceOf(token, this.engine.target.tokenizer))
    yield this.chunk(first, { foretoken: { tokens: traced } })
    for (const entry of others) yield this.chunk(entry)
  }

  private steps() {
    const { signal } = this
    return merge(this.lines.map(({ request, choice }) => say(this.engine, { ...request, signal }, choice)))
  }

  private chunk(entry: object, more?: object): string {
    const { chunkObject, includeUsage } = this.job
    return dataFrame({
      ...this.envelope(chunkObject),
      choices: [entry],
      ...(includeUsage && { usage: null }),
      ...more,
    })
  }

  private envelope(object: string): object {
    return { id: this.id, object, created: this.created, model: this.engine.id }
  }

  private usage(): Usage {
    let from = 0
    const usage = usageOf(this.job.prompts.map(({ length }) => this.outcomes.slice(from, (from += length))))
    this.onUsage(usage)
    return usage
  }
}
