import { ForetokenError } from './errors.js'
import { Distribution } from './sampling/distribution.js'
import type { Draft, Drafter, DraftRequest } from './strategy.js'

/** After this many faults a drafter is not asked again in this generation. */
const strikes = 3

export interface ShieldOptions {
  readonly vocabSize: number
  /** How long a proposal may take, in milliseconds. A drafter that takes longer is not asked again. */
  readonly patienceMs: () => number
  readonly warn: (warning: ForetokenError) => void
}

/**
 * Stands between the algorithm and a draft strategy, which may be anybody's: what throws, hangs or proposes something
 * illegal costs the round its draft and earns a warning, and never reaches the text.
 */
export function shield(drafter: Drafter, { vocabSize, patienceMs, warn }: ShieldOptions): Drafter {
  let faults = 0
  const fault = (message: string, cause?: unknown): void => {
    faults++
    const rest = faults < strikes ? 'This round goes on without a draft.' : 'The generation goes on without drafts.'
    warn(new ForetokenError('strategy', `${message} ${rest}`, { cause }))
  }

  return {
    async propose(context, request) {
      if (faults >= strikes) return nothing
      try {
        // A copy of the context: what a strategy does to it stays with the strategy.
        const draft = await within(patienceMs(), request.signal, drafter.propose(context.slice(), request))
        return checked(draft, request, vocabSize)
      } catch (error) {
        request.signal?.throwIfAborted()
        if (error === late) faults = strikes
        fault(error === late ? 'The draft strategy did not answer in time.' : describe(error), error)
        return nothing
      }
    },
    observe(verdict) {
      if (faults >= strikes) return
      try {
        drafter.observe?.(verdict)
      } catch (error) {
        fault(describe(error), error)
      }
    },
    async dispose() {
      try {
        await within(patienceMs(), undefined, drafter.dispose?.())
      } catch (error) {
        warn(new ForetokenError('strategy', 'The draft strategy could not be disposed; it may leak.', { cause: error }))
      }
    },
  }
}

const nothing: Draft = { tokens: [] }
const late = new ForetokenError('strategy', 'late')

/** A legal copy of the draft. @throws `strategy` */
function checked(draft: Draft, { maxTokens }: DraftRequest, vocabSize: number): Draft {
  const tokens = [...draft.tokens]
  if (tokens.length > maxTokens) return illegal(`${tokens.length} tokens where ${maxTokens} were asked for`)
  for (const token of tokens) {
    if (!Number.isInteger(token) || token < 0 || token >= vocabSize)
      return illegal(`token ${token}, outside the vocabulary`)
  }
  if (!draft.distributions) return { tokens }

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
  return { tokens, distributions }
}

function illegal(what: string): never {
  throw new ForetokenError('strategy', `it proposed ${what}`)
}

function describe(error: unknown): string {
  return `The draft strategy failed: ${error instanceof Error ? error.message : String(error)}.`
}

/** The value, or a rejection: {@link late} after `ms`, the signal's reason once it is aborted. */
async function within<T>(ms: number, signal: AbortSignal | undefined, value: T | Promise<T>): Promise<T> {
  if (!(value instanceof Promise)) return value
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort: (() => void) | undefined
  try {
    return await Promise.race([
      value,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late), ms)
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
