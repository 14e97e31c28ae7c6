import type { Bench } from './bench.js'

/** The widths that decide: a pass over one token, and one over a usual draft. */
const [one, draft] = [1, 4]
/** What counts as quicker: less than this part of the time; when there was time for one look only, less than that part. */
export const clearly = 0.9
const byFar = 0.5
/** After so many milliseconds, only what is not known at all gets a pass: threads that others disturb can take seconds. */
const mostMs = 500
/** One look ends after so many passes, or milliseconds. */
const passesALook = 3
const lookMs = 10

/**
 * Makes the bench run on the number of threads that is quickest by T(1) and T(4).
 *
 * @param usual Stays unless another is quicker by more than 10 %.
 * @param others Tried from the nearest to the furthest on either side; what lies beyond one that is slower is not.
 */
export async function chooseThreads(bench: Bench, usual: number, others: readonly number[]): Promise<void> {
  let best = usual
  let bestScore = 1
  const fewer = others.filter((threads) => threads < usual).toSorted((a, b) => b - a)
  const more = others.filter((threads) => threads > usual).toSorted((a, b) => a - b)
  for (const side of [fewer, more]) {
    for (const threads of side) {
      const { score, looks } = await compare(bench, threads, usual)
      if (score >= 1) break
      if (score < bestScore && score < (looks > 1 ? clearly : byFar)) [best, bestScore] = [threads, score]
    }
  }
  bench.useThreads(best)
}

/** The time of passes on `threads` as a part of that on `usual`. What seems quicker is looked at twice. */
async function compare(bench: Bench, threads: number, usual: number): Promise<{ score: number; looks: number }> {
  let looks = 0
  while (looks < 2) {
    await look(bench, usual, one)
    if (!(await look(bench, threads, one))) break
    if (ratio(bench, threads, usual) >= 1) break
    if (!(await look(bench, threads, draft)) || !(await look(bench, usual, draft))) break
    looks++
    if (ratio(bench, threads, usual) >= clearly) break
  }
  return { score: ratio(bench, threads, usual), looks }
}

/** By all widths that were timed on both; 1 where there is none. */
function ratio(bench: Bench, threads: number, usual: number): number {
  const [ours, theirs] = [bench.timesOn(threads), bench.timesOn(usual)]
  let [mine, yours] = [0, 0]
  for (const tokens of [one, draft]) {
    const [here, there] = [ours.measured(tokens), theirs.measured(tokens)]
    if (here === undefined || there === undefined) continue
    mine += here
    yours += there
  }
  return yours > 0 ? mine / yours : 1
}

/** @returns Whether there was time for it. */
async function look(bench: Bench, threads: number, tokens: number): Promise<boolean> {
  const unknown = tokens === one && bench.timesOn(threads).measured(one) === undefined
  if (bench.spent > mostMs && !unknown) return false
  bench.useThreads(threads)
  let spent = 0
  for (let pass = 0; pass < passesALook && spent < lookMs; pass++) spent += await bench.pass(tokens)
  return true
}
