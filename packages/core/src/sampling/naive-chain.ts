import type { TokenId } from '../model.js'
import { resolveOptions, type SamplingOptions } from './options.js'

/*
 * The sampling chain once more, as its documentation reads and as slowly as can be: what the real one is compared with. It
 * knows of no drafts.
 */

export interface NaiveContext {
  readonly prompt: readonly TokenId[]
  readonly said: readonly TokenId[]
  /** The tokens that the response format allows here. Default: all. */
  readonly allowed?: ReadonlySet<TokenId> | undefined
  readonly end?: TokenId | undefined
  /** Tokens whose text is a DRY breaker. */
  readonly breakers?: ReadonlySet<TokenId>
}

interface Candidate {
  readonly token: TokenId
  logit: number
}

/** The probability of each token. */
export function naiveChain(logits: readonly number[], options: SamplingOptions, context: NaiveContext): number[] {
  const resolved = resolveOptions(options)
  const { said, allowed, end } = context
  let candidates: Candidate[] = logits.map((logit, token) => ({ token, logit }))
  candidates = candidates.filter(({ token }) => !resolved.bannedTokens.includes(token))
  candidates = candidates.filter(({ token }) => allowed?.has(token) ?? true)
  if (said.length < resolved.minTokens) {
    const others = candidates.filter(({ token }) => token !== end)
    if (others.length > 0) candidates = others
  }
  const result = logits.map(() => 0)
  for (const [probability, left] of follow(candidates, [...resolved.order], resolved, context)) {
    for (const [token, p] of softmax(left)) result[token]! += probability * p
  }
  return result
}

type Resolved = ReturnType<typeof resolveOptions>

function follow(all: Candidate[], order: string[], options: Resolved, context: NaiveContext): [number, Candidate[]][] {
  let candidates = all.map((candidate) => ({ ...candidate }))
  const greedy = options.temperature === 0
  while (order.length > 0) {
    const step = order.shift()!
    if (step === 'bias') for (const c of candidates) c.logit += options.logitBias[c.token] ?? 0
    if (step === 'penalties') penalise(candidates, options, context)
    if (step === 'dry' && options.dryMultiplier > 0) dry(candidates, options, context)
    if (greedy) continue
    if (step === 'temperature') for (const c of candidates) c.logit /= options.temperature
    const ranked = [...softmax(candidates)].toSorted((a, b) => b[1] - a[1] || a[0] - b[0])
    if (step === 'topK' && options.topK > 0) candidates = only(candidates, ranked.slice(0, options.topK))
    if (step === 'topP' && options.topP < 1) candidates = only(candidates, until(ranked, options.topP))
    if (step === 'minP')
      candidates = only(
        candidates,
        ranked.filter(([, p]) => p >= options.minP * ranked[0]![1]),
      )
    if (step === 'typicalP' && options.typicalP < 1) {
      const entropy = ranked.reduce((sum, [, p]) => sum - (p > 0 ? p * Math.log(p) : 0), 0)
      const distance = (p: number): number => Math.abs(-Math.log(p) - entropy)
      const typical = ranked.toSorted((a, b) => distance(a[1]) - distance(b[1]) || a[0] - b[0])
      candidates = only(candidates, until(typical, options.typicalP))
    }
    if (step === 'xtc' && options.xtcProbability > 0) {
      const top = ranked.filter(([, p]) => p >= options.xtcThreshold)
      if (top.length < 2) continue
      const less = candidates.filter(({ token }) => !top.slice(0, -1).some(([other]) => other === token))
      return [
        ...follow(less, [...order], options, context).map(([p, c]) => [p * options.xtcProbability, c] as const),
        ...follow(candidates, [...order], options, context).map(
          ([p, c]) => [p * (1 - options.xtcProbability), c] as const,
        ),
      ] as [number, Candidate[]][]
    }
  }
  if (!greedy) return [[1, candidates]]
  return [[1, [candidates.reduce((best, c) => (c.logit > best.logit ? c : best))]]]
}

function penalise(candidates: Candidate[], options: Resolved, { prompt, said }: NaiveContext): void {
  const all = [...prompt, ...said]
  const start = Math.max(0, all.length - options.penaltyWindow)
  for (const candidate of candidates) {
    const { token } = candidate
    if (all.slice(start).includes(token)) {
      if (candidate.logit > 0) candidate.logit /= options.repetitionPenalty
      else candidate.logit *= options.repetitionPenalty
    }
    const times = all.filter((other, i) => other === token && i >= start && i >= prompt.length).length
    if (times > 0) candidate.logit -= options.presencePenalty + times * options.frequencyPenalty
  }
}

function dry(candidates: Candidate[], options: Resolved, { prompt, said, breakers }: NaiveContext): void {
  let text = [...prompt, ...said]
  if (options.dryWindow < text.length) text = text.slice(text.length - options.dryWindow)
  for (const candidate of candidates) {
    // A breaker ends a repetition: it does not prolong one.
    if (breakers?.has(candidate.token)) continue
    let worst = 0
    for (let place = 0; place < text.length; place++) {
      if (text[place] !== candidate.token) continue
      // How long are the equal stretches before `place` and at the end?
      let n = 0
      while (n < place && text[place - 1 - n] === text[text.length - 1 - n]) {
        if (breakers?.has(text[text.length - 1 - n]!)) break
        n++
      }
      worst = Math.max(worst, n)
    }
    if (worst >= options.dryAllowedLength) {
      candidate.logit -= options.dryMultiplier * options.dryBase ** (worst - options.dryAllowedLength)
    }
  }
}

/** As many as reach `goal` together. */
function until(ranked: readonly (readonly [TokenId, number])[], goal: number): (readonly [TokenId, number])[] {
  let sum = 0
  const kept = ranked.filter(([, p]) => {
    const wanted = sum < goal
    sum += p
    return wanted
  })
  return kept
}

function only(candidates: Candidate[], kept: readonly (readonly [TokenId, number])[]): Candidate[] {
  return candidates.filter(({ token }) => kept.some(([other]) => other === token))
}

function softmax(candidates: readonly Candidate[]): Map<TokenId, number> {
  const max = Math.max(...candidates.map(({ logit }) => logit))
  const weights = candidates.map(({ token, logit }) => [token, Math.exp(logit - max)] as const)
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0)
  return new Map(weights.map(([token, weight]) => [token, weight / total]))
}
