import {
  automaticLength,
  firstOf,
  fixedLength,
  ForetokenError,
  prediction,
  whereThereIsRoom,
  type Drafter,
  type DraftStrategy,
  type LanguageModel,
  type LengthPolicy,
} from '@foretoken/core'
import type { EngineRequest } from './engine.js'

/** Who drafts for a request, and how much. */
export interface Drafting {
  /** The engine's name for it; `none` for plain decoding. */
  readonly name: string
  readonly strategy: DraftStrategy | undefined
  readonly length: LengthPolicy
}

/** It weighs its time, so that nothing is learned from it about those whose place it takes. */
const silent: Drafter = { propose: () => ({ tokens: [] }), weighsTime: true }
const plain: DraftStrategy = { name: 'none', open: () => silent }

/** What an engine can draft with. */
export class Draftings {
  readonly names: readonly string[]
  private readonly length = automaticLength()
  private readonly rollsBack: boolean
  private readonly strategies: Readonly<Record<string, DraftStrategy>>

  constructor(target: LanguageModel, strategies: Readonly<Record<string, DraftStrategy>>) {
    this.names = Object.keys(strategies)
    this.strategies = Object.fromEntries(
      Object.entries(strategies).map(([name, strategy]) => [name, whereThereIsRoom(strategy)]),
    )
    this.rollsBack = target.capabilities.rollback !== 'none'
  }

  /** @throws `invalid-argument` */
  for({ speculative: { enabled = true, strategy, maxDraft } = {}, prediction: expected }: EngineRequest): Drafting {
    if (strategy !== undefined && !Object.hasOwn(this.strategies, strategy)) throw this.unknown(strategy)
    if (maxDraft !== undefined && !(Number.isInteger(maxDraft) && maxDraft >= 0)) {
      throw new ForetokenError('invalid-argument', `maxDraft is ${maxDraft}: it must be an integer, 0 or more.`)
    }
    const name = strategy ?? this.names[0]
    const chosen = name === undefined ? undefined : this.strategies[name]
    const parts = [...(expected ? [prediction({ text: expected })] : []), ...(chosen ? [chosen] : [])]
    if (!enabled || maxDraft === 0 || parts.length === 0 || !this.rollsBack) {
      return { name: 'none', strategy: this.rollsBack ? plain : undefined, length: fixedLength(0) }
    }
    return {
      name: name ?? 'prediction',
      // Made of several even where the prediction is alone, so that the result tells what became of it.
      strategy: expected ? firstOf(...parts) : chosen,
      length: maxDraft === undefined ? this.length : atMost(maxDraft, this.length),
    }
  }

  private unknown(strategy: string): ForetokenError {
    const known = this.names.length > 0 ? `use one of ${this.names.join(', ')}` : 'this engine has none, leave it out'
    return new ForetokenError('invalid-argument', `There is no strategy '${strategy}': ${known}.`)
  }
}

/** Drafts as `policy` does, up to `most` tokens. */
function atMost(most: number, policy: LengthPolicy): LengthPolicy {
  return {
    name: `${policy.name}, at most ${most}`,
    max: Math.min(most, policy.max),
    open(init) {
      const control = policy.open(init)
      return { ...control, next: (context) => Math.min(most, control.next(context)) }
    },
  }
}
