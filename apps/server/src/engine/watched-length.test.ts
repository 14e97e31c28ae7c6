import type { LengthPolicy, Round } from '@foretoken/core'
import { expect, it } from 'vitest'
import { Tally, watched } from './watched-length.js'

const round = (drafted: number, accepted: number, passMs: number): Round => ({
  draft: { tokens: Array.from({ length: drafted }, () => 1) },
  verdict: { accepted, next: 2 },
  draftMs: 1,
  pass: undefined,
  passMs,
  totalMs: passMs + 1,
})
const init = {} as Parameters<LengthPolicy['open']>[0]

it('counts rounds and tells of them, and the policy hears of them too', () => {
  const heard: [string, Round][] = []
  const policy: LengthPolicy = {
    name: 'mine',
    max: 3,
    open: () => ({ next: () => 3, observe: (seen) => void heard.push(['policy', seen]) }),
  }
  const tally = new Tally()
  const control = watched(policy, tally, (seen) => void heard.push(['watcher', seen])).open(init)
  const seen = round(3, 2, 9)
  control.observe?.(seen)
  expect(heard).toEqual([
    ['policy', seen],
    ['watcher', seen],
  ])
  expect(tally).toMatchObject({ tokens: 3, decodeMs: 10 })
  expect(control.next(1)).toBe(3)
})
