import type {
  DraftStrategy,
  GenerateEvent,
  GenerateOptions,
  LanguageModel,
  LengthPolicy,
  Sequence,
} from '@foretoken/core'
import { type Decoded, decode } from './decode.js'
import { since, type TimedModel } from './timed.js'

/** One way of decoding, to be compared with others on the same prompts. */
export interface Contender {
  readonly name: string
  /** One for all prompts, or each its own. Absent: plain decoding. */
  readonly strategy?: DraftStrategy | ((prompt: ContestPrompt) => DraftStrategy | undefined) | undefined
  readonly length?: LengthPolicy | undefined
  /** The draft model that the strategy runs, for its share of the time. */
  readonly draft?: TimedModel | undefined
}

export interface ContestPrompt {
  readonly id: string
  readonly kind: string
  readonly text: string
  /** What a caller would expect the answer to be much like, where there is such a thing. */
  readonly prediction?: string | undefined
}

/** What one contender made of one prompt. */
export interface Run extends Decoded {
  readonly contender: string
  /** Milliseconds inside the draft model's passes. */
  readonly draftForwardMs: number
}

export interface Heat {
  readonly kind: string
  readonly prompt: string
  /** One for each contender, in the contenders' order. */
  readonly runs: readonly Run[]
}

export interface HeatOptions {
  readonly model: LanguageModel
  readonly contenders: readonly Contender[]
  readonly prompt: ContestPrompt
  /** Number of the heat: odd ones run in the opposite order. */
  readonly index: number
  readonly generate: Pick<
    GenerateOptions,
    'minTokens' | 'maxTokens' | 'temperature' | 'topK' | 'topP' | 'minP' | 'seed' | 'stop'
  >
  /** Whether the prompt is read once, for all of them. Saves time; only decoding is compared. */
  readonly sharePrompt?: boolean
  readonly signal?: AbortSignal | undefined
  readonly onEvent?: (contender: number, event: GenerateEvent, soFar: { tokens: number; ms: number }) => void
}

/** A B, then B A: what drifts (temperature, other programs) falls on both alike. */
export function turns(contenders: number, index: number): number[] {
  const order = Array.from({ length: contenders }, (_, i) => i)
  return index % 2 === 0 ? order : order.toReversed()
}

/** Lets each contender go on from the same prompt, one after the other. */
export async function heat(options: HeatOptions): Promise<Heat> {
  const { model, contenders, prompt, signal } = options
  const sequence = options.sharePrompt ? await model.createSequence() : undefined
  const runs: Run[] = []
  try {
    const readMs = sequence ? await read(sequence, options) : 0
    for (const turn of turns(contenders.length, options.index)) {
      signal?.throwIfAborted()
      runs[turn] = await runOne(options, contenders[turn]!, turn, sequence, readMs)
    }
  } finally {
    await sequence?.dispose()
  }
  return { kind: prompt.kind, prompt: prompt.id, runs }
}

/** @returns Milliseconds. The prompt's last token is left to the first round. */
async function read(sequence: Sequence, { model, prompt, signal }: HeatOptions): Promise<number> {
  const tokens = model.tokenizer.encode(prompt.text, { start: true }).slice(0, -1)
  const started = performance.now()
  if (tokens.length > 0) await sequence.forward(tokens, { outputs: 'none', signal })
  return performance.now() - started
}

async function runOne(
  { model, prompt, generate, signal, onEvent }: HeatOptions,
  contender: Contender,
  turn: number,
  sequence: Sequence | undefined,
  readMs: number,
): Promise<Run> {
  const { length, draft } = contender
  const strategy = typeof contender.strategy === 'function' ? contender.strategy(prompt) : contender.strategy
  const before = draft && { ...draft.totals }
  const decoded = await decode(
    { ...generate, model, prompt: prompt.text, strategy, length, sequence, signal },
    onEvent && ((event, soFar) => onEvent(turn, event, soFar)),
  )
  return {
    ...decoded,
    contender: contender.name,
    prefillMs: readMs + decoded.prefillMs,
    draftForwardMs: before && draft ? since(before, draft.totals).ms : 0,
  }
}
