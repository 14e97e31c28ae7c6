import { ForetokenError } from '@foretoken/core'
import type { LogitsRows, TokenId } from '@foretoken/core'
import type { ControlledEvaluateInputItem, LlamaContextSequence, Token } from 'node-llama-cpp'
import { GuardedSequence } from '@foretoken/core/backend'
import { tokensPerPass } from '../memory.js'

const bestNext = { generateNext: { token: true, options: { temperature: 0 } } } as const

/** A sequence over node-llama-cpp's. */
export class PublicApiSequence extends GuardedSequence {
  private readonly inner: LlamaContextSequence
  private readonly onEnd: () => void
  private stamp = 0

  /** Takes `inner` over. */
  constructor(
    inner: LlamaContextSequence,
    limits: { readonly vocabSize: number; readonly contextLength: number },
    onEnd: () => void,
  ) {
    super(limits)
    this.inner = inner
    this.onEnd = onEnd
  }

  protected async rollBack(length: number): Promise<void> {
    await this.inner.eraseContextTokenRanges([{ start: length, end: this.held.length }])
    this.held.length = length
    if (this.inner.nextTokenIndex === length) return
    // It could not drop the end alone, and dropped more: compute what is missing again.
    const missing = this.held.splice(this.inner.nextTokenIndex)
    await this.run(missing, 0, undefined)
  }

  protected async free(): Promise<void> {
    await this.running?.catch(() => {})
    this.inner.dispose()
    this.onEnd()
  }

  protected async run(
    tokens: readonly TokenId[],
    outputs: number,
    signal: AbortSignal | undefined,
  ): Promise<PublicApiRows> {
    this.stamp++
    const best: TokenId[] = []
    for (let from = 0; from < tokens.length; from += tokensPerPass) {
      signal?.throwIfAborted()
      if (this.disposed !== undefined) throw this.disposed
      const part = tokens.slice(from, from + tokensPerPass)
      const input = part.map((token, index): ControlledEvaluateInputItem =>
        from + index < tokens.length - outputs ? (token as Token) : [token as Token, bestNext],
      )
      const results = await this.inner.controlledEvaluate(input).catch((cause: unknown) => {
        throw new ForetokenError('runtime', `node-llama-cpp failed a pass (${(cause as Error).message}).`, { cause })
      })
      for (const token of part) this.held.push(token)
      for (let index = Math.max(0, tokens.length - outputs - from); index < part.length; index++) {
        best.push(results[index]?.next.token ?? 0)
      }
    }
    const { stamp } = this
    return new PublicApiRows(best, () => this.stamp === stamp && this.disposed === undefined)
  }
}

class PublicApiRows implements LogitsRows {
  readonly count: number
  private readonly best: readonly TokenId[]
  private readonly current: () => boolean

  constructor(best: readonly TokenId[], current: () => boolean) {
    this.best = best
    this.count = best.length
    this.current = current
  }

  argmax(row: number): TokenId {
    if (!this.current()) throw new ForetokenError('stale-logits', 'These logits were overwritten by a later pass.')
    const token = this.best[row]
    if (token === undefined) {
      throw new ForetokenError('invalid-argument', `There is no row ${row}: forward() gave ${this.count}.`)
    }
    return token
  }

  row(row: number): Float32Array {
    this.argmax(row)
    throw new ForetokenError(
      'unsupported',
      'llama.cpp runs through the public API of node-llama-cpp here, which gives whole rows of logits far too slowly: only ' +
        'greedy decoding without penalties and formats works. Set the temperature to 0, or install the node-llama-cpp that this package depends on.',
    )
  }
}
