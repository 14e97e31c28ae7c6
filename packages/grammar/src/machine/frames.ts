import type { Loop, Node } from './nodes.js'

/**
 * What is to be done after the rule or the turn of a loop that is being read: a stack, as a list from its top. Equal
 * stacks are the same object, so that positions can be compared and remembered.
 */
export class Frame {
  /** Frames between this and the bottom. */
  readonly below: Frame | undefined
  /** Where to go on when a rule has ended. */
  readonly to: Node | undefined
  /** The loop whose turn is being read, and how many more turns it must and may have. */
  readonly loop: Loop | undefined
  readonly min: number
  readonly max: number
  readonly id: number
  /** The next one up that returns from a rule, or the bottom. */
  readonly base: Frame
  /** The largest count of the loops above {@link base}. */
  readonly count: number
  private readonly above = new Map<number | string, Frame>()
  private readonly ids: { next: number }

  private constructor(
    below: Frame | undefined,
    to: Node | undefined,
    loop: Loop | undefined,
    min: number,
    max: number,
    ids: { next: number },
  ) {
    this.below = below
    this.to = to
    this.loop = loop
    this.min = min
    this.max = max
    this.ids = ids
    this.id = ids.next++
    this.base = loop ? below!.base : this
    this.count = loop ? Math.max(max, below!.count) : 0
  }

  /** A bottom. Stacks on different bottoms differ. */
  static bottom(ids: { next: number }): Frame {
    return new Frame(undefined, undefined, undefined, 0, 0, ids)
  }

  returnTo(to: Node): Frame {
    let frame = this.above.get(to.id)
    if (!frame) this.above.set(to.id, (frame = new Frame(this, to, undefined, 0, 0, this.ids)))
    return frame
  }

  inLoop(loop: Loop, min: number, max: number): Frame {
    const key = `${loop.id} ${min} ${max}`
    let frame = this.above.get(key)
    if (!frame) this.above.set(key, (frame = new Frame(this, undefined, loop, min, max, this.ids)))
    return frame
  }

  /** Lets go of all that was put on this. Stacks that somebody holds stay what they are. */
  forget(): void {
    const pending: Frame[] = [this]
    for (let frame = pending.pop(); frame; frame = pending.pop()) {
      pending.push(...frame.above.values())
      frame.above.clear()
    }
  }
}

/**
 * The loops above the base of a stack, on another base, with no count above `most`. Within `most` bytes they do the same
 * as the ones they stand for: every turn takes at least one.
 */
export function rebased(frame: Frame, base: Frame, most: number): Frame {
  if (!frame.loop) return base
  return rebased(frame.below!, base, most).inLoop(frame.loop, Math.min(frame.min, most), Math.min(frame.max, most))
}
