import type { TokenId } from '@foretoken/core'

/** What a slot has in its cache, as far as choosing between slots goes. */
export interface Holding {
  readonly held: readonly TokenId[]
  /** The prompt that is being read into it: it will hold that soon. */
  readonly reading?: readonly TokenId[] | undefined
  readonly busy: boolean
  /** When it was last used; larger is later. 0: never. */
  readonly used: number
}

export interface Choice {
  /** The slot to run on, by its place in the list. */
  readonly slot: number
  /** Whose tokens to copy to it first. */
  readonly from?: number
}

/** Fewer tokens are sooner read again than copied, or than waited for; and fewer are no loss. */
export const worthwhile = 64

/**
 * Chooses a slot for `prompt` among those that are not busy: of which at least one there is.
 *
 * The slot that holds most of the prompt is continued, unless that would cost another text what it has in common with
 * others to come: then, and when that slot is busy, its tokens are copied over the slot that was unused for longest.
 *
 * @param fork Whether tokens can be copied.
 */
export function chooseSlot(prompt: readonly TokenId[], slots: readonly Holding[], fork: boolean): Choice {
  const shared = slots.map(({ held, reading }) => {
    return Math.max(commonLength(held, prompt), reading ? commonLength(reading, prompt) : 0)
  })
  const idle = [...slots.keys()].filter((i) => !slots[i]!.busy)
  const most = (places: readonly number[]): number => places.reduce((a, b) => (shared[b]! > shared[a]! ? b : a))
  const oldest = idle.reduce((a, b) => (slots[b]!.used < slots[a]!.used ? b : a))
  const continued = most(idle)

  const lost = slots[continued]!.held.length - shared[continued]!
  const own = shared[continued]! >= worthwhile || lost <= worthwhile ? continued : oldest
  if (!fork) return { slot: own }
  const source = most([...slots.keys()])
  if (shared[source]! >= shared[own]! + worthwhile) return { slot: oldest, from: source }
  if (own !== oldest && shared[own]! >= worthwhile && lost > worthwhile) return { slot: oldest, from: own }
  return { slot: own }
}

/** How many tokens two texts have in common, from the first on. */
export function commonLength(one: readonly TokenId[], other: readonly TokenId[]): number {
  const most = Math.min(one.length, other.length)
  let length = 0
  while (length < most && one[length] === other[length]) length++
  return length
}
