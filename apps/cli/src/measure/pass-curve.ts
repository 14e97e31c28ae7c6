import type { LanguageModel, TokenId } from '@foretoken/core'
import { median, quantile } from './statistics.js'

/** How long a pass over `width` tokens takes. */
export interface PassTime {
  readonly width: number
  /** Median, in milliseconds. */
  readonly ms: number
  /** Half of the passes lie between these, in milliseconds. */
  readonly low: number
  readonly high: number
}

export interface PassCurveOptions {
  readonly model: LanguageModel
  /** Numbers of tokens, each at least 1. */
  readonly widths: readonly number[]
  /** What the cache holds while the passes run. At least one token. */
  readonly context: readonly TokenId[]
  /** How often each width is measured, default 7. */
  readonly repetitions?: number
  /** After this many milliseconds three repetitions are enough. Default: no limit. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * T(n): how long the model takes for a pass over n tokens that all give logits.
 *
 * The widths take turns, in changing direction, so that a machine that slows down slows them all.
 */
export async function passCurve(options: PassCurveOptions): Promise<PassTime[]> {
  const { model, context, repetitions = 7, patienceMs = Infinity, signal } = options
  const widths = [...new Set(options.widths)].toSorted((a, b) => a - b)
  const times = new Map(widths.map((width) => [width, [] as number[]]))
  const sequence = await model.createSequence()
  try {
    await sequence.forward(context, { outputs: 'none', signal })
    // The first round warms up: the file is read, buffers are allocated, kernels chosen.
    const began = performance.now()
    for (let round = 0; round <= repetitions; round++) {
      if (round > 3 && performance.now() - began > patienceMs) break
      for (const width of round % 2 === 0 ? widths : widths.toReversed()) {
        const tokens = Array.from({ length: width }, (_, i) => context[(round + i) % context.length]!)
        const started = performance.now()
        const rows = await sequence.forward(tokens, { outputs: 'all', signal })
        rows.argmax(width - 1)
        const elapsed = performance.now() - started
        await sequence.truncate(context.length)
        if (round > 0) times.get(width)!.push(elapsed)
      }
    }
  } finally {
    await sequence.dispose()
  }
  return widths.map((width) => {
    const measured = times.get(width)!
    return { width, ms: median(measured), low: quantile(measured, 0.25), high: quantile(measured, 0.75) }
  })
}

/** T(width), interpolated between the widths measured. */
export function passTime(curve: readonly PassTime[], width: number): number {
  const above = curve.findIndex((point) => point.width >= width)
  if (above < 0) return extrapolate(curve, width)
  const right = curve[above]!
  const left = curve[above - 1]
  if (right.width === width || !left) return right.ms
  return left.ms + ((right.ms - left.ms) * (width - left.width)) / (right.width - left.width)
}

/** Beyond the last width measured: as from the first to the last. */
function extrapolate(curve: readonly PassTime[], width: number): number {
  const first = curve[0]
  const last = curve.at(-1)
  if (!first || !last) return NaN
  if (first === last) return last.ms
  return last.ms + ((last.ms - first.ms) * (width - last.width)) / (last.width - first.width)
}
