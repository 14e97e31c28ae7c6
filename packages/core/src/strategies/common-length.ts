import type { TokenId } from '../model.js'

/** How many tokens two texts have in common, from the first on. */
export function commonLength(one: readonly TokenId[], other: readonly TokenId[]): number {
  const most = Math.min(one.length, other.length)
  let length = 0
  while (length < most && one[length] === other[length]) length++
  return length
}
