import { describe, expect, it } from 'vitest'
import { type Need, splitLayers } from './split.js'

const GiB = 2 ** 30
const need: Need = { layers: 32, perLayer: GiB / 4, near: GiB / 2, buffers: GiB / 4 }
const place = (machine: string, gib: number) => ({ machine, device: 'CPU', room: gib * GiB })

describe('layers are split', () => {
  it('as the memory is that is left beside what each machine needs anyway', () => {
    const layers = splitLayers([place('here', 4.75), place('a', 8.25), place('b', 4.25)], need, undefined)
    expect(layers).toEqual([8, 16, 8])
  })

  it('in a given proportion, first here, then the workers; nothing at all where that is wanted', () => {
    const places = [place('here', 16), place('a', 16), place('b', 16)]
    expect(splitLayers(places, need, [2, 1, 1])).toEqual([16, 8, 8])
    expect(splitLayers(places, need, [0, 1, 1])).toEqual([0, 16, 16])
    expect(splitLayers(places, need, [1, 1, 1]).reduce((sum, count) => sum + count)).toBe(32)
  })

  it('among the devices of a machine as their memory is', () => {
    const places = [place('here', 16), place('a', 4.25), place('a', 12.25)]
    expect(splitLayers(places, need, [1, 1])).toEqual([16, 4, 12])
  })

  it('so that rounding overfills nobody', () => {
    const places = [place('here', 0.8), place('a', 8.25 + 0.1), place('b', 0.25 + 0.26)]
    const layers = splitLayers(places, { ...need, layers: 33 }, undefined)
    expect(layers).toEqual([0, 32, 1])
  })

  it('or not at all, with figures and the way out', () => {
    const places = [place('here', 2), place('a', 3)]
    expect(() => splitLayers(places, need, undefined)).toThrow(
      /32 layers of 256 MiB.*a has room for 11 layers.*Add a worker/,
    )
    expect(() => splitLayers(places, need, [1, 1])).toThrow(/in this proportion/)
    for (const shares of [[1], [1, 1, 1], [0, 0], [1, -1], [1, NaN]]) {
      expect(() => splitLayers(places, need, shares)).toThrow(/must be 2 numbers, one for each of here, a/)
    }
  })
})
