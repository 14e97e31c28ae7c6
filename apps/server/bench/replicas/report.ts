import { duration, number, plural } from '../../../cli/src/terminal/format.js'
import { facts, table } from '../../../cli/src/terminal/table.js'
import type { PrefixesReport } from './prefixes.js'
import type { SurviveReport } from './survive.js'

/** For people. */
export function reportLines(survived: SurviveReport, read: readonly PrefixesReport[]): string[] {
  const { clients, replicas, kills, requests, answers, failedOver, retriedByLibrary, resumed, stop, faults } = survived
  return [
    ...facts([
      ['load', `${plural(clients, 'client')}, ${plural(replicas, 'replica')}, killed ${plural(kills, 'time')}`],
      ['answers', `${number(answers)} of ${plural(requests, 'request')}, each as when asked alone`],
      ['balancer', `${plural(failedOver, 'request')} taken to another replica before a word had come`],
      ['library', `${plural(retriedByLibrary, 'request')} sent again`],
      ['caller', `${plural(resumed, 'stream')} broke; what had been said was skipped in the second`],
      ['SIGTERM', `exit code ${stop.exitCode}, ${plural(stop.broken, 'stream')} broken`],
    ]),
    '',
    ...table(
      [{ title: 'replica chosen' }, { title: 'tokens of prompts' }, { title: 'in the cache' }, { title: 'first text' }],
      read.map(({ policy, promptTokens, cachedTokens, firstMs }) => [
        policy === 'hash' ? 'by conversation' : 'in turn',
        String(promptTokens),
        `${((100 * cachedTokens) / promptTokens).toFixed(1)} %`,
        duration(firstMs),
      ]),
    ),
    '',
    ...(faults.length === 0 ? ['No fault.'] : faults.map((fault) => `FAULT ${fault}`)),
  ]
}
