import { together, type LanguageModel, type Sequence, type SequenceInCompany, type TokenId } from '@foretoken/core'

/** A sequence that belongs to one call until it is released. */
interface Lease {
  readonly sequence: Sequence
  /** @param broken Whether what the sequence holds is not to be relied upon. */
  release(broken: boolean): Promise<void>
}

/**
 * The sequences of a model, opened when they are first needed and kept open: what a call leaves in one need not be read
 * again by the next call of the same conversation. Calls beyond them wait in line.
 */
export class Sequences {
  /** The same model, in whose passes calls that are under way at once meet. */
  readonly model
  private readonly idle: SequenceInCompany[] = []
  private taken = 0
  private readonly line: (() => void)[] = []

  constructor(model: LanguageModel) {
    this.model = together(model)
  }

  /** @throws what the model throws; the signal's reason. */
  async take(prompt: readonly TokenId[], signal: AbortSignal | undefined): Promise<Lease> {
    signal?.throwIfAborted()
    if (this.taken < this.model.capabilities.maxSequences) this.taken++
    else await this.wait(signal)
    try {
      const sequence = await this.fitting(prompt)
      return { sequence, release: (broken) => this.release(sequence, broken) }
    } catch (error) {
      this.next()
      throw error
    }
  }

  /** Waits for the place of a call that ends. */
  private wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (): void => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.line.splice(this.line.indexOf(go), 1)
        reject(signal!.reason as Error)
      }
      signal?.addEventListener('abort', leave, { once: true })
      this.line.push(go)
    })
  }

  /** The idle sequence that holds most of `prompt`, or a new one where there is room and none holds any of it. */
  private async fitting(prompt: readonly TokenId[]): Promise<Sequence & SequenceInCompany> {
    const { idle, model } = this
    const { maxSequences, rollback } = model.capabilities
    const shared = idle.map(({ tokens }) => commonLength(tokens, prompt))
    const at = shared.indexOf(Math.max(...shared))
    const room = this.taken + idle.length <= maxSequences
    if (at < 0 || (room && shared[at]! < worthwhile)) return model.createSequence()
    const [sequence] = idle.splice(at, 1)
    if (rollback !== 'none' || sequence!.length <= Math.min(shared[at]!, prompt.length - 1)) return sequence!
    await sequence!.dispose()
    return model.createSequence()
  }

  private async release(sequence: SequenceInCompany, broken: boolean): Promise<void> {
    sequence.leave()
    try {
      if (broken) await sequence.dispose()
      else this.idle.push(sequence)
    } finally {
      this.next()
    }
  }

  /** A place is free. */
  private next(): void {
    const go = this.line.shift()
    if (go) go()
    else this.taken--
  }
}

/** What two conversations have in common by their system message's first words is not worth a sequence of its own. */
const worthwhile = 16

function commonLength(one: readonly TokenId[], other: readonly TokenId[]): number {
  const most = Math.min(one.length, other.length)
  let length = 0
  while (length < most && one[length] === other[length]) length++
  return length
}

const known = new WeakMap<LanguageModel, Sequences>()

/** One for each model, however often it is wrapped: they share its sequences. */
export function sequencesOf(model: LanguageModel): Sequences {
  let sequences = known.get(model)
  if (!sequences) known.set(model, (sequences = new Sequences(model)))
  return sequences
}
