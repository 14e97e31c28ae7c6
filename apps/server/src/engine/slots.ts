import type { ModelInCompany, Sequence, SequenceInCompany, TokenId } from '@foretoken/core'
import { Pace } from './pace.js'
import { chooseSlot, commonLength, worthwhile } from './prefix.js'
import { SharedSequence } from './shared-sequence.js'

/** Room for one text in the target's cache. What a text leaves there is the prefix cache of those that come. */
class Slot {
  sequence: SharedSequence | undefined
  reading: readonly TokenId[] | undefined
  busy = false
  used = 0
  private wake: (() => void)[] = []

  get held(): readonly TokenId[] {
    return this.sequence?.tokens ?? []
  }

  changed(): void {
    for (const wake of this.wake.splice(0)) wake()
  }

  /** Resolves when it holds more, or is not read into any more. */
  change(): Promise<void> {
    return new Promise((resolve) => this.wake.push(resolve))
  }
}

/** A slot that belongs to one generation until it is released. */
export interface Lease {
  readonly sequence: Sequence
  /** Tokens of the prompt that need not be read. */
  readonly cached: number
  /** To be called when the prompt has been read: what comes then is of no use to others that read it. */
  promptRead(): void
  /** @param broken Whether what the sequence holds is not to be relied upon. */
  release(broken: boolean): Promise<void>
}

/** The target's sequences, opened when they are first needed and kept open. */
export class Slots {
  private readonly slots: readonly Slot[]
  private readonly pace: Pace
  private clock = 0

  constructor(
    private readonly target: ModelInCompany,
    parallel: number,
  ) {
    this.slots = Array.from({ length: parallel }, () => new Slot())
    this.pace = new Pace(() => this.slots.filter(({ busy }) => busy).length > 1)
  }

  /**
   * Takes a slot for `prompt`; no more may be asked for than there are. It may wait until another generation has read what
   * both begin with.
   *
   * @throws what the model throws; the signal's reason.
   */
  async take(prompt: readonly TokenId[], signal: AbortSignal | undefined): Promise<Lease> {
    const { target, slots } = this
    const choice = chooseSlot(prompt, slots, target.capabilities.fork)
    const slot = slots[choice.slot]!
    const source = choice.from === undefined ? undefined : slots[choice.from]!
    slot.busy = true
    slot.used = ++this.clock
    slot.reading = prompt.slice(0, -1)
    try {
      if (source) {
        source.used = this.clock
        await readAsFarAs(prompt, source, signal)
        await this.copy(prompt, source, slot)
      }
      const most = commonLength(slot.held, prompt)
      if (target.capabilities.rollback === 'none' && slot.held.length > Math.min(most, prompt.length - 1)) {
        await close(slot)
      }
      slot.sequence ??= this.share(await target.createSequence(), slot)
      signal?.throwIfAborted()
    } catch (error) {
      this.free(slot)
      throw error
    }
    return {
      sequence: slot.sequence,
      cached: Math.min(commonLength(slot.held, prompt), prompt.length - 1),
      promptRead() {
        slot.reading = undefined
        slot.changed()
      },
      release: async (broken) => {
        try {
          slot.sequence?.leave()
          if (broken) await close(slot)
        } finally {
          this.free(slot)
        }
      },
    }
  }

  /** Closes all sequences. No slot may be taken. */
  async dispose(): Promise<void> {
    await Promise.all(this.slots.map(close))
  }

  private async copy(prompt: readonly TokenId[], from: Slot, to: Slot): Promise<void> {
    const { sequence } = from
    // What was to be read may not have come.
    if (!sequence || commonLength(from.held, prompt) < commonLength(to.held, prompt) + worthwhile) return
    await close(to)
    try {
      to.sequence = this.share(await sequence.copy(), to)
    } catch {
      // Its generation may have failed just now, and the sequence with it. Then this one reads for itself.
    }
  }

  private share(sequence: SequenceInCompany, slot: Slot): SharedSequence {
    return new SharedSequence(sequence, this.pace, () => slot.changed())
  }

  private free(slot: Slot): void {
    slot.busy = false
    slot.reading = undefined
    slot.used = ++this.clock
    slot.changed()
  }
}

/** Waits until `slot` holds what it will hold of `prompt`. */
async function readAsFarAs(prompt: readonly TokenId[], slot: Slot, signal: AbortSignal | undefined): Promise<void> {
  const { reading } = slot
  if (!reading) return
  const shared = commonLength(reading, prompt)
  const stopped = new Promise<void>((resolve) => {
    signal?.addEventListener('abort', () => resolve(), { once: true })
  })
  while (slot.reading === reading && commonLength(slot.held, prompt) < shared) {
    signal?.throwIfAborted()
    await Promise.race([slot.change(), stopped])
  }
}

async function close(slot: Slot): Promise<void> {
  const { sequence } = slot
  slot.sequence = undefined
  await sequence?.dispose()
}
