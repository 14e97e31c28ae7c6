import { judgeFork } from '../measure/fork.js'
import { largest, median } from '../measure/statistics.js'
import { number, plural } from '../terminal/format.js'
import type { Evidence, WayEvidence } from './collect.js'

/** What the evidence amounts to, as data. */
export function verifyReport(
  evidence: Evidence,
  about: { target: string; draft: string | undefined; longest: number; note: string | undefined },
) {
  const { ways, tokens, texts, neighbours, interrupted } = evidence
  const measured = ways.flatMap(({ rounding }) => rounding)
  const rounding = { rows: measured.length, median: median(measured), largest: largest(measured) }
  // Both logits of a fork may move, towards each other. For a single row the factor stands for the chance that the largest
  // of one sample is above the largest of another.
  const limit = 2 * rounding.largest
  const offByOne = median(neighbours)
  const runs = ways.map((way) => summarize(way, rounding.largest, about.longest))
  return {
    target: about.target,
    draft: about.draft,
    note: about.note,
    tokens,
    texts,
    interrupted,
    rounding: { ...rounding, widths: [...new Set(ways.flatMap(({ widths }) => widths))].toSorted((a, b) => a - b) },
    limit,
    offByOne,
    runs,
    bugs: [
      ...(neighbours.length === 0 ? [] : wideBugs(rounding.largest, offByOne)),
      ...runs.flatMap((run) => [...forkBugs(run), ...driftBugs(run, limit)]),
    ],
  }
}

export type VerifyReport = ReturnType<typeof verifyReport>
type RunReport = ReturnType<typeof summarize>

function summarize(way: WayEvidence, rounding: number, longest: number) {
  const { name, length, compared, accepted, widths, rollbacks, forks, drifts, warnings } = way
  const lengths = Array.from({ length: longest }, (_, i) => i + 1)
  const distances = drifts.map(({ distance }) => distance)
  const tooFar = drifts.filter(({ distance }) => !(distance <= 2 * rounding))
  return {
    name,
    length,
    compared,
    passes: widths.length,
    drafted: widths.reduce((sum, width) => sum + width - 1, 0),
    accepted,
    rolledBack: rollbacks.reduce((sum, count) => sum + count, 0),
    /** How often one token was rolled back, two … */
    rollbacks: lengths.map((count) => rollbacks.filter((each) => each === count).length),
    forks: forks.map((fork) => ({ ...fork, verdict: judgeFork(fork.margin, rounding) })),
    drift: { rows: drifts.length, median: median(distances), largest: largest(distances) },
    beyond: { rows: tooFar.length, first: tooFar[0] },
    warnings: [...warnings],
  }
}

/**
 * Rounding is small beside what distinguishes one token's logits from the next one's. Passes that are off by as much read
 * wrong rows or a wrong cache, and would excuse every fork.
 */
function wideBugs(rounding: number, offByOne: number): string[] {
  if (rounding <= offByOne / 4) return []
  return [
    `passes over several tokens give logits that are off by up to ${number(rounding)}, without any roll-back: too much for rounding, as one token's logits differ from the next one's by ${number(offByOne)}`,
  ]
}

function forkBugs({ name, forks }: RunReport): string[] {
  return forks
    .filter(({ verdict }) => verdict === 'bug')
    .map(
      ({ prompt, position, margin }) =>
        `${name}: ${prompt} forks at token ${position + 1}, where plain decoding preferred its token by ${number(margin)} logits`,
    )
}

function driftBugs({ name, drift, beyond: { rows, first } }: RunReport, limit: number): string[] {
  if (!first) return []
  const of = `${plural(rows, 'row')} of ${drift.rows.toLocaleString('en-US')}`
  return [
    `${name}: the logits of ${of} are off by more than ${number(limit)}, first at token ${first.position + 1} of ${first.prompt}, by ${number(first.distance)}`,
  ]
}
