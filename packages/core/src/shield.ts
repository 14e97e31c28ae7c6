import { ForetokenError } from './errors.js'
import { Distribution } from './sampling/distribution.js'
import type { Draft, Drafter, DrafterInit, DraftRequest, DraftStrategy, Hindsight } from './strategy.js'

/** After this many faults a drafter is not asked again in this generation. */
const strikes = 3

export interface ShieldOptions {
  readonly vocabSize: number
  /** How long a proposal may take, in milliseconds. A drafter that takes longer is not asked again. */
  readonly patienceMs: () => number
  readonly warn: (warning: ForetokenError) => void
  /** The caller's. A strategy that does not answer does not keep it waiting. */
  readonly signal?: AbortSignal | undefined
}

/** How long a drafter that hangs, or whose caller has gone, may take to put itself away. */
const hurriedMs = 1_000

/** Opens a strategy behind a {@link shield}. What `open` throws is the caller's to know: a vocabulary that does not fit. */
export async function openShielded(
  strategy: DraftStrategy,
  init: DrafterInit,
  options: ShieldOptions,
): Promise<Drafter> {
  const opening = Promise.resolve(strategy.open(init))
  try {
    return shield(await within(undefined, options.signal, opening), options)
  } catch (error) {
    // It may still come, when nobody wants it any more.
    opening.then((drafter) => drafter?.dispose?.()).catch(() => {})
    throw error
  }
}

/**
 * Stands between the algorithm and a draft strategy, which may be anybody's: what throws, hangs or proposes something
 * illegal costs the round its draft and earns a warning, and never reaches the text.
 */
export function shield(drafter: Drafter, { vocabSize, patienceMs, warn, signal }: ShieldOptions): Drafter {
  let faults = 0
  let hangs = false
  const fault = (message: string, cause?: unknown): void => {
    faults++
    const rest = faults < strikes ? 'This round goes on without a draft.' : 'The generation goes on without drafts.'
    warn(new ForetokenError('strategy', `${message} ${rest}`, { cause }))
  }

  return {
    get stepMs() {
      const { stepMs } = drafter
      return typeof stepMs === 'number' && stepMs >= 0 ? stepMs : undefined
    },
    get weighsTime() {
      return drafter.weighsTime === true
    },
    async propose(context, request) {
      if (faults >= strikes) return nothing
      try {
        // Copies: what a strategy does to them stays with the strategy.
        const asked = Object.freeze({ ...request })
        const draft = await within(patienceMs(), request.signal, drafter.propose(context.slice(), asked))
        return checked(draft, request, vocabSize)
      } catch (error) {
        request.signal?.throwIfAborted()
        hangs = error === late
        if (hangs) faults = strikes
        fault(error === late ? 'The draft strategy did not answer in time.' : describe(error), error)
        return nothing
      }
    },
    observe(verdict, hindsight) {
      if (faults >= strikes) return
      const complain = (error: unknown): void => fault(describe(error), error)
      let over = false
      try {
        const { accepted, next } = verdict
        const done: unknown = drafter.observe?.(
          Object.freeze({ accepted, next }),
          brief(hindsight, () => over),
        )
        // Nobody waits for it, but it must not fail unheard either.
        if (isThenable(done)) Promise.resolve(done).catch(complain)
      } catch (error) {
        complain(error)
      } finally {
        over = true
      }
    },
    async dispose() {
      try {
        await within(hangs || signal?.aborted ? hurriedMs : patienceMs(), undefined, drafter.dispose?.())
      } catch (error) {
        warn(new ForetokenError('strategy', 'The draft strategy could not be disposed; it may leak.', { cause: error }))
      }
    },
  }
}

/** A look back that ends with the call it was made for: later, the rows are another pass's. */
function brief(hindsight: Hindsight, over: () => boolean): Hindsight {
  return Object.freeze({
    likeliest(row: number, count: number) {
      if (over()) throw new ForetokenError('stale-logits', 'Hindsight lasts as long as the call of observe().')
      return hindsight.likeliest(row, count)
    },
  })
}

const nothing: Draft = { tokens: [] }
const late = new ForetokenError('strategy', 'late')

/** A legal copy of the draft. @throws `strategy` */
function checked(draft: Draft, { maxTokens }: DraftRequest, vocabSize: number): Draft {
  const tokens = [...draft.tokens]
  if (tokens.length > maxTokens) return illegal(`${tokens.length} tokens where ${maxTokens} were asked for`)
  for (const token of draft.withheld === undefined ? tokens : [...tokens, draft.withheld]) {
    if (!Number.isInteger(token) || token < 0 || token >= vocabSize)
      return illegal(`token ${token}, outside the vocabulary`)
  }
  const { withheld } = draft
  const rest = { ...(withheld !== undefined && { withheld }), ...(typeof draft.by === 'string' && { by: draft.by }) }
  if (!draft.distributions) return { tokens, ...rest }

  if (draft.distributions.length !== tokens.length) {
    return illegal(`${draft.distributions.length} distributions for ${tokens.length} tokens`)
  }
  const distributions = draft.distributions.map((given, i) => {
    // Checked and copied, whoever made it: a q whose weights are not what they sum to, or change later, changes the text.
    const q = Distribution.of(given.weights.slice(), given.ids?.slice())
    if (q.weights.length > vocabSize || (q.ids && (q.ids[0]! < 0 || q.ids[q.ids.length - 1]! >= vocabSize))) {
      return illegal('a distribution over more than the vocabulary')
    }
    const ratio = q.total / given.total
    if (!(Math.abs(ratio - 1) < 1e-6)) return illegal(`a distribution that sums to ${ratio}`)
    const probability = q.probability(tokens[i]!)
    if (!(probability > 0)) return illegal(`token ${tokens[i]} with probability ${probability}`)
    return q
  })
  return { tokens, distributions, ...rest }
}

function illegal(what: string): never {
  throw new ForetokenError('strategy', `it proposed ${what}`)
}

function describe(error: unknown): string {
  return `The draft strategy failed: ${error instanceof Error ? error.message : String(error)}.`
}

/** The value, or a rejection: {@link late} after `ms`, the signal's reason once it is aborted. */
async function within<T>(
  ms: number | undefined,
  signal: AbortSignal | undefined,
  value: T | PromiseLike<T>,
): Promise<T> {
  if (!isThenable(value)) return value
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort: (() => void) | undefined
  try {
    return await Promise.race([
      value,
      new Promise<never>((_, reject) => {
        if (ms !== undefined) timer = setTimeout(() => reject(late), ms)
        abort = () => reject(signal?.reason)
        signal?.addEventListener('abort', abort)
        if (signal?.aborted) abort()
      }),
    ])
  } finally {
    clearTimeout(timer)
    if (abort) signal?.removeEventListener('abort', abort)
  }
}

/** Promises of other realms and home-made ones are promises too. */
function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function'
}
