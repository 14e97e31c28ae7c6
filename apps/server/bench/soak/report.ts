import { bytes, duration, number, plural } from '../../../cli/src/terminal/format.js'
import { facts } from '../../../cli/src/terminal/table.js'
import type { SoakReport } from './soak.js'

/** For people. */
export function reportLines(report: SoakReport): string[] {
  const { clients, parallel, queue, seconds, answers, tokens, tokensPerSecond, busy } = report
  const { firstMs, misdeeds, memory, grown, shutdown, forks, faults } = report
  const nearTies = forks.filter(({ verdict }) => verdict === 'near-tie')
  const [first, last] = [memory[0], memory.at(-1)]
  return [
    ...facts([
      ['load', `${plural(clients, 'client')} for ${number(seconds)} s; ${parallel} at once, ${queue} may wait`],
      ['answers', `${plural(answers, 'answer')}, ${plural(tokens, 'token')}, ${number(tokensPerSecond)} tokens/s`],
      ['429', `${plural(busy, 'time')}, obeyed`],
      ['first token', `p50 ${duration(firstMs.p50)}, p95 ${duration(firstMs.p95)}, with the wait for a turn`],
      [
        'mischief',
        Object.entries(misdeeds)
          .map(([what, times]) => `${what} ${times}`)
          .join(', '),
      ],
      [
        'same as alone',
        forks.length === 0
          ? 'all answers'
          : `all but ${plural(
              forks.reduce((sum, { times }) => sum + times, 0),
              'answer',
            )}, ${plural(nearTies.length, 'near-tie')} of ${plural(forks.length, 'fork')}`,
      ],
      ...nearTies.map(
        ({ id, times, gap, rounding }) =>
          [
            'near-tie',
            `${id}: ${plural(times, 'time')}, a gap of ${number(gap)} nats; rounding moves ${number(rounding)}`,
          ] as const,
      ),
      ['RSS', first && last ? `${bytes(first.rss)} to ${bytes(last.rss)}${grew(grown.rss)}` : 'not looked at'],
      [
        'heap',
        first && last ? `${bytes(first.heapUsed)} to ${bytes(last.heapUsed)}${grew(grown.heap)}` : 'not looked at',
      ],
      [
        'SIGTERM',
        `exit code ${shutdown.exitCode} after ${duration(shutdown.ms)}; ${shutdown.answered} answered until then, ${shutdown.refused} refused`,
      ],
    ]),
    '',
    ...(faults.length === 0 ? ['No fault.'] : faults.map((fault) => `FAULT ${fault}`)),
  ]
}

function grew(factor: number | undefined): string {
  return factor === undefined ? '' : `; last fifth over second: ${factor.toFixed(3)}`
}
