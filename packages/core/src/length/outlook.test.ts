import { describe, expect, it } from 'vitest'
import { speculationOutlook } from './outlook.js'

const curveOf = (times: Record<number, number>) =>
  Object.entries(times).map(([tokens, ms]) => ({ tokens: Number(tokens), ms }))

/** T(n) / T(1) of a 1.1b model in F16 on two cores, from docs/benchmarks.md: kernels built there, and prebuilt ones. */
const built = curveOf({ 1: 1, 2: 1.45, 3: 1.61, 4: 1.76, 5: 1.81, 6: 1.98, 8: 2.5, 9: 2.61 })
const prebuilt = curveOf({ 1: 1, 2: 1.83, 3: 2.13, 4: 2.51, 5: 3.03, 6: 3.52, 8: 4.31, 9: 4.99 })
/** Milliseconds of a mixture with random weights in F32 (6 layers, 32 experts of which 4 are used) on the same machine. */
const mixture = curveOf({ 1: 6.81, 2: 11.52, 3: 14.82, 4: 19.1, 5: 19.78, 6: 21.86, 8: 28.42, 12: 36.4, 16: 42.35 })
/** Each token takes as long as the first: nothing is shared. */
const linear = curveOf({ 1: 10, 2: 20, 4: 40, 5: 50, 8: 80, 16: 160 })

describe('what is said of a model before anything is drafted', () => {
  it('nothing, where drafts can pay', () => {
    expect(speculationOutlook({ curve: built })).toBeUndefined()
    expect(speculationOutlook({ curve: prebuilt })).toBeUndefined()
    expect(speculationOutlook({ curve: built, stepMs: 0.2 })).toBeUndefined()
  })

  it('nothing, where nothing is known', () => {
    expect(speculationOutlook({})).toBeUndefined()
    expect(speculationOutlook({ curve: curveOf({ 1: 5 }) })).toBeUndefined()
  })

  it('that no draft pays, where wide passes take too long', () => {
    expect(speculationOutlook({ curve: linear })).toBe(
      'Here a pass over 5 tokens takes 5.0 times as long as a pass over one, so even drafts that cost nothing gain nothing.',
    )
    // gamma = 1: 1.95 tokens in 1.9 times the time.
    expect(speculationOutlook({ curve: curveOf({ 1: 10, 2: 19, 4: 37 }) })).toContain('4 tokens takes 3.7 times')
    expect(speculationOutlook({ curve: curveOf({ 1: 10, 2: 19, 4: 37 }) })).toContain('gain at most 1.03x')
  })

  it('that this draft does not pay, where it is too slow', () => {
    expect(speculationOutlook({ curve: built, stepMs: 0.9 })).toBe(
      'A token of the draft takes 0.90 times as long as one of the target, and a pass over 5 tokens takes 1.8 times as long, so its drafts gain nothing.',
    )
  })

  it('what experts cost, whatever the curve', () => {
    const experts = { count: 32, used: 4 }
    expect(speculationOutlook({ curve: mixture, stepMs: 1, experts })).toBe(
      'This model is a mixture of experts, 4 of 32 for each token: a pass over 5 tokens reads more of them than a pass over one and takes 2.9 times as long, so drafts of the draft model gain at most 1.3x.',
    )
    expect(speculationOutlook({ curve: built, experts })).toMatch(
      /takes 1\.8 times as long, so even .* gain at most 2\.\dx/,
    )
    expect(speculationOutlook({ experts })).toMatch(/4 of 32 for each token: .* gain less than usual\.$/)
  })
})
