import type { PassTime } from '@foretoken/core'
import type { Bench } from './bench.js'
import { clearly } from './choose-threads.js'
import type { CalibratedPass } from './samples.js'

/** What a look may take, in milliseconds, and how often it is repeated where that is little. */
const mostMs = 400
const mostTurns = 4
/** How far off may be, as a factor: T(n)/T(1), and T(1) itself, which also follows clocks and what else is running. */
const ratioOff = 1.3
const timeOff = 1.6

/** What an earlier measurement said. */
export interface Earlier {
  readonly threads: number
  /** From n = 1 on, without gaps. */
  readonly passes: readonly CalibratedPass[]
}

/**
 * Whether an earlier measurement still describes the machine: by T(1) and by one wider pass, and, where it was for another
 * number of threads than usual, by that still being no worse. Leaves the bench on `earlier.threads`.
 */
export async function stillHolds(bench: Bench, earlier: Earlier, usual: number): Promise<boolean> {
  const one = earlier.passes[0]!.ms
  const wider = widerPass(earlier)
  if (earlier.threads !== usual) {
    bench.useThreads(usual)
    await bench.pass(1)
  }
  bench.useThreads(earlier.threads)
  const { times } = bench
  await bench.pass(1)
  for (let turn = 0; turn < mostTurns; turn++) {
    // The first turn is always taken. One that agrees ends it.
    if (turn > 0 && bench.spent + times.expected(1) + times.expected(wider.tokens) > mostMs) return false
    if (bench.spent < mostMs) await bench.pass(1)
    const now = times.expected(1)
    const slower = bench.timesOn(usual).expected(1) < clearly * now
    if (slower || !within(now / one, timeOff)) continue
    await bench.pass(wider.tokens)
    if (within(times.expected(wider.tokens) / times.expected(1) / (wider.ms / one), ratioOff)) return true
  }
  return false
}

/** The widest of those measured that leaves time for two passes over one token, and no wider than usual drafts are. */
function widerPass({ passes }: Earlier): PassTime {
  const [one, ...others] = passes
  const measured = others.filter(({ tokens, measured }) => measured && tokens <= 8)
  return measured.findLast(({ ms }) => 2 * one!.ms + ms <= mostMs) ?? measured[0] ?? others[0]!
}

function within(factor: number, off: number): boolean {
  return factor < off && factor > 1 / off
}
