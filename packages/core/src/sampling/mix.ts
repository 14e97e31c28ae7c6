import { Distribution } from './distribution.js'

/** `share` of `a` and the rest of `b`. */
export function mix(share: number, a: Distribution, b: Distribution): Distribution {
  const ids = a.ids && b.ids ? union(a.ids, b.ids) : undefined
  const size = ids
    ? ids.length
    : Math.max(...[a, b].map(({ ids: own, weights }) => (own ? own.at(-1)! + 1 : weights.length)))
  const weights = new Float64Array(size)
  for (const [distribution, part] of [
    [a, share],
    [b, 1 - share],
  ] as const) {
    let place = 0
    for (let i = 0; i < distribution.weights.length; i++) {
      const id = distribution.ids ? distribution.ids[i]! : i
      if (ids) while (ids[place] !== id) place++
      else place = id
      weights[place]! += (part * distribution.weights[i]!) / distribution.total
    }
  }
  let total = 0
  for (let i = 0; i < size; i++) total += weights[i]!
  return Distribution.trusted(weights, total, ids)
}

function union(a: Int32Array, b: Int32Array): Int32Array {
  return Int32Array.from(new Set([...a, ...b])).sort()
}
