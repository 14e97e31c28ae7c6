import type { GenerateStats } from '@foretoken/core'
import { duration, number, plural } from './terminal/format.js'

/** What a generation did, on one line. `alpha` and `tau` are left out when nothing was drafted. */
export function describeStats(stats: GenerateStats): string {
  const parts = [
    `${plural(stats.tokens, 'token')} in ${duration(stats.decodeMs)}: ${number(stats.tokensPerSecond)} tok/s`,
    ...(stats.drafted > 0
      ? [
          `alpha ${number(stats.alpha)}`,
          `tau ${number(stats.tau)}`,
          `${stats.accepted} of ${stats.drafted} drafted tokens accepted`,
          ...(Number.isFinite(stats.speedup) ? [`about ${number(stats.speedup)}x plain`] : []),
        ]
      : []),
    `${stats.passes} passes`,
    `prompt ${plural(stats.promptTokens, 'token')}${cached(stats)} in ${duration(stats.prefillMs)}`,
  ]
  return parts.join(' · ')
}

/** What has to be said wherever a lossy verifier was at work. */
export function lossyNote(verifier: string): string {
  return `The verifier ${verifier} is lossy: the text is not what the target alone would have said.`
}

function cached({ cachedTokens }: GenerateStats): string {
  return cachedTokens > 0 ? ` (${cachedTokens} cached)` : ''
}
