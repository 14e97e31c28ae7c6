import { ForetokenError } from '@foretoken/core'
import { formatBytes } from '../memory.js'

/** A place for layers: a device of a machine. */
export interface Place {
  /** `here`, or the worker's address. */
  readonly machine: string
  readonly device: string
  /** Bytes that a model may use of it. */
  readonly room: number
}

/** What a model needs, in bytes. */
export interface Need {
  readonly layers: number
  /** Weights and cache of a layer. */
  readonly perLayer: number
  /** What stays on the near machine whatever is spread: embedding and output. */
  readonly near: number
  /** What each place needs to compute. */
  readonly buffers: number
}

/**
 * How many layers each place gets, the near machine first.
 *
 * @param shares One for each machine, in the order of the places: numbers in the proportion that is wanted. Default: as
 * their memory is.
 * @throws `invalid-argument` for shares that make no sense, `out-of-memory` with figures.
 */
export function splitLayers(places: readonly Place[], need: Need, shares: readonly number[] | undefined): number[] {
  const rooms = places.map(({ room }, i) => Math.max(0, room - need.buffers - (i === 0 ? need.near : 0)))
  const most = rooms.map((room) => Math.floor(room / need.perLayer))
  const weights = shares === undefined ? rooms : sharesOf(places, shares, rooms)
  const layers = inProportion(need.layers, weights)
  if (shares === undefined) fill(layers, most)
  const full = layers.findIndex((count, i) => count > most[i]!)
  if (full < 0) return layers
  const rest = places.map(({ machine }, i) => `${machine} has room for ${most[i]} layers`).join(', ')
  throw new ForetokenError(
    'out-of-memory',
    `${need.layers} layers of ${formatBytes(need.perLayer)} each do not fit${shares ? ' in this proportion' : ''}: ${rest}. ` +
      'Add a worker, use a smaller contextSize, or a smaller quantisation of the model.',
  )
}

/** The shares of machines as shares of places: devices of one machine get theirs as their memory is. */
function sharesOf(places: readonly Place[], shares: readonly number[], rooms: readonly number[]): number[] {
  const machines = [...new Set(places.map(({ machine }) => machine))]
  const sensible = shares.every((share) => Number.isFinite(share) && share >= 0) && shares.some((share) => share > 0)
  if (shares.length !== machines.length || !sensible) {
    throw new ForetokenError(
      'invalid-argument',
      `split: ${JSON.stringify(shares)} must be ${machines.length} numbers, one for each of ${machines.join(', ')}.`,
    )
  }
  return places.map(({ machine }, i) => {
    const all = places.reduce((sum, place, other) => sum + (place.machine === machine ? rooms[other]! : 0), 0)
    return all > 0 ? (shares[machines.indexOf(machine)]! * rooms[i]!) / all : 0
  })
}

/** `total` in whole numbers: rounded down, and the rest to those that lost most. */
function inProportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((all, weight) => all + weight, 0)
  const exact = weights.map((weight) => (sum > 0 ? (total * weight) / sum : 0))
  const counts = exact.map(Math.floor)
  const byLoss = exact.map((value, i) => ({ i, loss: value - counts[i]! })).toSorted((a, b) => b.loss - a.loss)
  const rest = total - counts.reduce((all, count) => all + count, 0)
  for (let next = 0; next < rest; next++) counts[byLoss[next % byLoss.length]!.i]!++
  return counts
}

/** Moves what rounding gave to one that is full to one that is not. */
function fill(layers: number[], most: readonly number[]): void {
  for (const [i, count] of layers.entries()) {
    for (let over = count - most[i]!; over > 0; over--) {
      const other = layers.findIndex((held, j) => held < most[j]!)
      if (other < 0) return
      layers[i]!--
      layers[other]!++
    }
  }
}
