import type { Frame } from './frames.js'
import type { Node } from './nodes.js'

/** One way of having read the text so far. */
export interface Position {
  /** A point with edges. */
  readonly node: Node
  readonly stack: Frame
}

/** Every way of having read the text so far. Equal states are the same object, and know what was found out about them. */
export interface State {
  readonly positions: readonly Position[]
  /** The text may end here. */
  readonly complete: boolean
  /** The part that was looked at alone may end here: what is below its base goes on. */
  readonly leaves: boolean
  /** By class of bytes: where it leads, `null` where it does not, `undefined` where nobody has looked. */
  readonly next: (State | null | undefined)[]
  /** The class of the only byte that can come next; -1 when there are more. */
  only: number | undefined
}
