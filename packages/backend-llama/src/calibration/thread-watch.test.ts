import { describe, expect, it } from 'vitest'
import { ThreadWatch } from './thread-watch.js'

/** Milliseconds of a pass over one token. */
type Machine = (threads: number, seconds: number) => number

const curve = [1, 2, 3, 4].map((tokens) => ({ tokens, ms: 20 + tokens }))

/** Passes for so many seconds of a clock of its own. */
function run(machine: Machine, options: { seconds?: number; choices?: number[]; start?: number } = {}) {
  const { seconds = 60, choices = [2, 1] } = options
  let clock = 0
  const threads: number[] = []
  const host = {
    threads: options.start ?? choices[0]!,
    useThreads(threads: number) {
      this.threads = threads
    },
  }
  const watch = new ThreadWatch(host, choices, curve, () => clock)
  let random = 1
  while (clock < seconds * 1000) {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
    const { tokens, ms } = curve[random % curve.length]!
    const noise = 1 + (0.4 * (random >>> 8)) / 2 ** 24
    const took = (machine(host.threads, clock / 1000) * noise * ms) / curve[0]!.ms
    clock += took
    threads.push(host.threads)
    watch.observe(tokens, took)
  }
  return { threads, host, passes: threads.length }
}

const idle: Machine = (threads) => (threads === 2 ? 21 : 31)
const busy: Machine = (threads) => (threads === 2 ? 160 : 33)

describe('threads while other programs run', () => {
  it('are all in use where nothing disturbs', () => {
    const { threads } = run(idle)
    expect(new Set(threads)).toEqual(new Set([2]))
  })

  it('are fewer while a core is taken, at little cost', () => {
    const { threads, passes } = run(busy)
    expect(threads.slice(0, 4)).toEqual([2, 2, 2, 2])
    expect(threads.at(-1)).toBe(1)
    const onOne = run(busy, { choices: [1] }).passes
    expect(passes).toBeGreaterThan(0.94 * onOne)
  })

  it('are fewer after two passes where these take seconds, and not after a single pause', () => {
    const { threads } = run((threads) => (threads === 2 ? 3500 : 33))
    expect(threads.slice(0, 3)).toEqual([2, 2, 1])
    let passes = 0
    const paused = run((threads) => (++passes % 50 === 1 ? 5000 : idle(threads, 0)))
    expect(new Set(paused.threads)).toEqual(new Set([2]))
  })

  it('are seldom tried again where that takes seconds', () => {
    const { threads } = run((threads) => (threads === 2 ? 3500 : 33), { seconds: 600 })
    const trials = threads.slice(20).filter((count) => count === 2).length
    expect(trials).toBeGreaterThan(0)
    expect(trials * 3500).toBeLessThan(0.035 * 600_000)
  })

  it('are all in use again soon after', () => {
    const { threads } = run((threads, seconds) => (seconds < 20 ? busy : idle)(threads, seconds), { seconds: 60 })
    expect(threads.filter((count) => count === 1).length).toBeGreaterThan(100)
    expect(threads.slice(-1000)).toEqual(Array(1000).fill(2))
  })

  it('stay when passes have become longer for all of them, as with a long context', () => {
    const slow: Machine = (threads) => (threads === 2 ? 80 : 120)
    const { threads, passes } = run(slow)
    const undisturbed = run(slow, { choices: [2] }).passes
    expect(threads.filter((count) => count === 2).length).toBeGreaterThan(0.9 * passes)
    expect(passes).toBeGreaterThan(0.97 * undisturbed)
  })

  it('come to the best of several numbers', () => {
    const times: Record<number, number> = { 8: 200, 7: 60, 4: 30, 1: 90 }
    const { threads } = run((threads) => times[threads]!, { choices: [8, 1, 4, 7] })
    expect([7, 4]).toContain(threads.at(-1))
  })

  it('are tried when a model was loaded while others ran', () => {
    const { threads } = run(idle, { start: 1, seconds: 20 })
    expect(threads.at(-1)).toBe(2)
  })

  it('ignores passes of widths that were not measured', () => {
    let changed = 0
    const watch = new ThreadWatch({ threads: 2, useThreads: () => changed++ }, [2, 1], curve)
    for (let pass = 0; pass < 20; pass++) watch.observe(512, 1e6)
    expect(changed).toBe(0)
  })
})
