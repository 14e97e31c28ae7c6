import type { Interval } from '../measure/statistics.js'

const none = '–'

/** Three digits: `12.3`, `0.0123`, `1,234`. A dash for what is not known. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return none
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toLocaleString('en-US')
  return size >= 10 ? value.toFixed(1) : size >= 0.1 || size === 0 ? value.toFixed(2) : value.toPrecision(2)
}

/** A factor: `1.84x`. */
export function times(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(2)}x` : none
}

/** `1.71-1.98x`, nothing when it is not known. */
export function interval({ low, high }: Interval): string {
  return Number.isFinite(low) && Number.isFinite(high) ? `${low.toFixed(2)}-${high.toFixed(2)}x` : ''
}

/** A factor with its interval: `1.84x (1.71-1.98x)`. */
export function timesWithin(value: number, range: Interval): string {
  const within = interval(range)
  return within ? `${times(value)} (${within})` : times(value)
}

/** `940 us`, `12.3 ms`, `4.5 s` */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return none
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} s`
  return ms >= 1 ? `${number(ms)} ms` : `${Math.round(ms * 1000)} us`
}

/** In powers of 1024: `7.6 MiB`. */
export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10))
  const scaled = value / 1024 ** power
  return `${power === 0 || scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)} ${units[power]}`
}

/** `3.9M`, `1.1B` */
export function count(value: number): string {
  if (value < 1e3) return String(value)
  const [scale, unit] = value < 1e6 ? [1e3, 'K'] : value < 1e9 ? [1e6, 'M'] : [1e9, 'B']
  const scaled = value / scale
  return `${scaled >= 100 ? Math.round(scaled) : scaled.toFixed(1)}${unit}`
}

/** `1 token`, `2 tokens` */
export function plural(value: number, noun: string): string {
  return `${value.toLocaleString('en-US')} ${noun}${value === 1 ? '' : 's'}`
}
