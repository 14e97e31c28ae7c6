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
        ]
      : []),
    `${stats.passes} passes`,
    `prompt ${plural(stats.promptTokens, 'token')}${cached(stats)} in ${duration(stats.prefillMs)}`,
  ]
  return parts.join(' · ')
}

function cached({ cachedTokens }: GenerateStats): string {
  return cachedTokens > 0 ? ` (${cachedTokens} cached)` : ''
}
