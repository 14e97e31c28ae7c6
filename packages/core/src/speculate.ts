import { hindsight } from './hindsight.js'
import type { LengthControl } from './length/policy.js'
import type { LogitsRows, Pass, Sequence, TokenId } from './model.js'
import type { Chance } from './sampling/chance.js'
import type { Sampler } from './sampling/chain.js'
import type { Draft, Drafter, Verdict } from './strategy.js'
import type { Judgement, Verifier } from './verify/verifier.js'

export interface Speculation {
  /** The target. It holds all of `context` but the last token. */
  readonly target: Sequence
  /** The prompt and what has been said. Grows by each round. */
  readonly context: TokenId[]
  readonly drafter: Drafter
  readonly length: LengthControl
  readonly sampler: Sampler
  readonly verifier: Verifier
  readonly chance: Chance
  readonly signal?: AbortSignal | undefined
  /** The most tokens that may be drafted now: what the context still holds, what the caller still wants. */
  readonly room: () => number
}

/** What one round did, and how long its parts took, in milliseconds. */
export interface Round {
  readonly draft: Draft
  readonly verdict: Verdict
  readonly draftMs: number
  readonly passMs: number
  /** What is known of the pass; without it nobody shared it, and it took {@link passMs}. */
  readonly pass: Pass | undefined
  readonly totalMs: number
}

/**
 * Speculative decoding (Leviathan et al., 2211.17192): one round after the other, for as long as the caller pulls.
 * Each round adds `verdict.accepted + 1` tokens to the context, from one pass of the target.
 */
export async function* speculate(run: Speculation): AsyncGenerator<Round, never> {
  const { target, context, drafter, length, verifier, chance, signal } = run
  for (;;) {
    const started = performance.now()

    // Propose: the draft says what it thinks comes next. No draft at all is plain decoding.
    const maxTokens = Math.min(length.next(context.length), run.room())
    const draft = maxTokens > 0 ? await drafter.propose(context, request(maxTokens, run)) : nothing
    const drafted = performance.now()

    // Forward: one pass of the target over the last token and the draft judges every drafted token at once.
    const input = [context[context.length - 1]!, ...draft.tokens]
    const rows = await target.forward(input, { outputs: 'all', signal })
    const { pass } = rows
    const passed = performance.now()

    // Verify: how much of the draft may stay, and what the target says after it.
    const judged = judgement(rows, draft, run)
    const verdict = verifier.verify(draft, judged, chance)
    drafter.observe?.(verdict, hindsight(judged, rows.count))

    // Commit: forget what was refused; say the rest.
    if (verdict.accepted < draft.tokens.length) await target.truncate(context.length + verdict.accepted)
    for (let i = 0; i < verdict.accepted; i++) context.push(draft.tokens[i]!)
    context.push(verdict.next)

    const totalMs = performance.now() - started
    const round = { draft, verdict, draftMs: drafted - started, passMs: passed - drafted, pass, totalMs }
    length.observe?.(round)
    yield round
  }
}

const nothing: Draft = { tokens: [] }

function request(maxTokens: number, { length, chance, signal }: Speculation) {
  const goOn = (index: number, confidence?: number): boolean => length.goOn?.(index, confidence) ?? true
  return { maxTokens, chance, goOn, wantsConfidence: length.goOn !== undefined, signal }
}

function judgement(rows: LogitsRows, draft: Draft, { sampler, context }: Speculation): Judgement {
  const position = context.length
  const tokens = draft.tokens.length > 0 ? [...context, ...draft.tokens] : context
  const seen: ReturnType<Sampler['distribution']>[] = []
  return {
    position,
    logits: (row) => rows.row(row),
    argmax: (row) => sampler.argmax(rows, row, tokens, position + row),
    distribution: (row) => (seen[row] ??= sampler.distribution(rows.row(row), tokens, position + row)),
  }
}
