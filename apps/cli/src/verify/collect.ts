import { fixedLength, ForetokenError, type LanguageModel, type TokenId } from '@foretoken/core'
import { Interrupted } from '../failure.js'
import { distance, passRounding, plainRun } from '../measure/rounding.js'
import type { KindedPrompt } from '../models/prompts.js'
import { misleading } from './mislead.js'
import { type Margin, type SpeculativeRun, speculativeRun, type Way } from './speculative.js'

/** Tokens that are said from a prompt before it is the next one's turn. Bounds the logits that are kept. */
const stretch = 128

export interface VerifyOptions {
  readonly model: LanguageModel
  readonly way: Way
  /** The longest draft of {@link way}: as long get those that are wrong on purpose. */
  readonly longest: number
  readonly prompts: readonly KindedPrompt[]
  /** How many tokens to compare. */
  readonly tokens: number
  readonly signal: AbortSignal
  readonly onProgress?: (tokens: number) => void
}

/** What one way of speculating did, all texts together. */
export interface WayEvidence {
  readonly name: string
  readonly length: string
  compared: number
  accepted: number
  readonly widths: number[]
  readonly rollbacks: number[]
  readonly forks: Place<Margin>[]
  readonly drifts: Place<{ readonly position: number; readonly distance: number }>[]
  /** What passes of the same widths do to the same texts where nothing is rolled back: a value for each row. */
  readonly rounding: number[]
  readonly warnings: Set<string>
}

/** Something at a token of the text that goes on from a prompt. */
type Place<T> = T & { readonly prompt: string }

/** Grows by each stretch. */
export interface Evidence {
  readonly ways: readonly [asked: WayEvidence, misled: WayEvidence]
  /** Tokens of plain text, and of how many prompts. */
  tokens: number
  texts: number
  /** How much the logits of neighbouring tokens differ: what an index that is off by one would do. */
  readonly neighbours: number[]
  interrupted: boolean
}

/** A text that can be gone on with. */
interface Text {
  readonly id: string
  readonly tokens: readonly TokenId[]
  /** How many of the tokens are the prompt that came from outside. */
  readonly promptLength: number
}

/**
 * Decodes plainly and speculatively, stretch after stretch, until as many tokens have been compared as are wanted or all
 * texts have come to their ends.
 *
 * @throws `context-overflow` for a prompt that leaves no room for a text, or as `generate`.
 */
export async function collect(options: VerifyOptions): Promise<Evidence> {
  const { model, way, longest, prompts } = options
  const evidence: Evidence = {
    ways: [empty(way.strategy.name, way.length.name), empty('misled', `up to ${longest}`)],
    tokens: 0,
    texts: 0,
    neighbours: [],
    interrupted: false,
  }
  const queue = prompts.map((prompt) => open(prompt, model))
  try {
    for (let text = queue.shift(); text && evidence.tokens < options.tokens; text = queue.shift()) {
      const goesOn = await oneStretch(text, evidence, options)
      if (goesOn && goesOn.tokens.length < model.contextLength) queue.push(goesOn)
    }
  } catch (error) {
    if (!(error instanceof Interrupted) || evidence.tokens === 0) throw error
    evidence.interrupted = true
  }
  return evidence
}

function open({ id, text }: KindedPrompt, { tokenizer, contextLength }: LanguageModel): Text {
  const tokens = tokenizer.encode(text, { start: true })
  if (tokens.length < contextLength) return { id, tokens, promptLength: tokens.length }
  throw new ForetokenError(
    'context-overflow',
    `The prompt ${id} has ${tokens.length} tokens, and the context holds ${contextLength}: shorten it, or pass a larger --context.`,
  )
}

/** @returns The text with what was said, unless it has come to its end. */
async function oneStretch(
  text: Text,
  evidence: Evidence,
  { model, way, longest, tokens, signal, onProgress }: VerifyOptions,
): Promise<Text | undefined> {
  const prompt = text.tokens
  const maxTokens = Math.min(stretch, tokens - evidence.tokens, model.contextLength - prompt.length)
  const plain = await plainRun({ model, prompt, maxTokens, signal })
  const misled = { strategy: misleading([...prompt, ...plain.text], longest), length: fixedLength(longest) }
  const found: { run: SpeculativeRun; rounding: number[] }[] = []
  for (const each of [way, misled]) {
    const run = await speculativeRun({ model, plain, way: each, seed: evidence.tokens, signal })
    found.push({ run, rounding: await passRounding({ model, plain, widths: run.widths, signal }) })
  }
  // Only what is whole counts: an interrupted stretch leaves no trace.
  for (const [i, { run, rounding }] of found.entries()) add(evidence.ways[i]!, run, rounding, text)
  for (let i = 1; i < plain.rows.length; i++) evidence.neighbours.push(distance(plain.rows[i - 1]!, plain.rows[i]!))
  evidence.tokens += found[0]!.run.compared
  if (prompt.length === text.promptLength) evidence.texts++
  onProgress?.(evidence.tokens)
  return plain.ended ? undefined : { ...text, tokens: [...prompt, ...plain.text] }
}

function add(to: WayEvidence, run: SpeculativeRun, rounding: readonly number[], text: Text): void {
  const before = text.tokens.length - text.promptLength
  const place = <T extends { readonly position: number }>(each: T): Place<T> => ({
    ...each,
    prompt: text.id,
    position: before + each.position,
  })
  to.compared += run.compared
  to.accepted += run.accepted
  to.widths.push(...run.widths)
  to.rollbacks.push(...run.rollbacks)
  to.forks.push(...run.forks.map(place))
  to.drifts.push(...run.drifts.map(place))
  to.rounding.push(...rounding)
  for (const { message } of run.warnings) to.warnings.add(message)
}

function empty(name: string, length: string): WayEvidence {
  const nothing = { widths: [], rollbacks: [], forks: [], drifts: [], rounding: [] }
  return { name, length, compared: 0, accepted: 0, ...nothing, warnings: new Set() }
}
