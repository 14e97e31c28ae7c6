import type { DraftStrategy, GenerateEvent, GenerateOptions, GenerateResult, LanguageModel } from '@foretoken/core'
import type { EngineObserver } from './observer.js'

/** How a request wants to be drafted for. */
export interface Speculative {
  /** Default `true`. */
  readonly enabled?: boolean | undefined
  /** The name of one of the engine's strategies. Default: the first. */
  readonly strategy?: string | undefined
  /** The most tokens to draft in a round, 0 or more. Default: as many as pay. */
  readonly maxDraft?: number | undefined
}

/** A generation, as the engine takes it: what it runs on and how drafts are made is the engine's. */
export interface EngineRequest extends Omit<GenerateOptions, 'model' | 'sequence' | 'strategy' | 'length'> {
  readonly speculative?: Speculative | undefined
  /** What the caller expects the text to be, in whole or in part (OpenAI's `prediction`). */
  readonly prediction?: string | undefined
}

/** A generation that has its turn. As with `generate()`, a reader that waits makes it wait, and it alone. */
export interface EngineRun extends AsyncIterable<GenerateEvent> {
  result(): Promise<GenerateResult>
}

/** What an engine runs. */
export interface EngineOptions {
  /** The name that requests know the model by. */
  readonly id: string
  readonly target: LanguageModel
  /** By name; the first is the default. Each request opens its own drafter. */
  readonly strategies?: Readonly<Record<string, DraftStrategy>>
  /** How many generations may be under way at once. Default: what the models' sequences allow. */
  readonly parallel?: number
  /** How many more may wait. Default 64. */
  readonly queue?: number
  /** Told of what is done: for metrics. */
  readonly observer?: EngineObserver
}

export interface EngineState {
  /** Generations under way, and requests that wait for their turn. */
  readonly active: number
  readonly waiting: number
  readonly parallel: number
  readonly draining: boolean
}

/** Runs generations for many at once on one target. It knows nothing of HTTP. */
export interface Engine {
  readonly id: string
  readonly target: LanguageModel
  /** Names of the strategies, the default one first. */
  readonly strategies: readonly string[]
  /** Epoch seconds. */
  readonly created: number
  readonly state: EngineState
  /**
   * Waits for a turn, and resolves with the run. Several choices of one prompt are several submissions, made in one go.
   * A run that is not read to its end must be given up by its signal or by leaving its iteration.
   *
   * @throws what `generate()` throws for the request, at once where that can be told; `busy` when the queue is full or the
   * engine is draining (`retryAfter` tells the seconds); `disposed`; the signal's reason.
   */
  submit(request: EngineRequest): Promise<EngineRun>
  /** Takes nothing new; resolves when what is under way and what waits has come to its end. */
  drain(): Promise<void>
  /**
   * Ends what is under way and what waits at once, with the error `disposed`, and refuses what comes later with the same;
   * resolves when the models are free. A drain that goes on comes to its end with it.
   *
   * @param reason What is told to those who are ended or refused.
   */
  dispose(reason?: string): Promise<void>
}
