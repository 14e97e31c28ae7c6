import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../repository.js'

/** What `foretoken tune --json` said on one machine, of widths that were really timed. */
export interface Measured {
  readonly date: string
  readonly hardware: string
  readonly models: readonly MeasuredModel[]
}

export interface MeasuredModel {
  readonly size: string
  readonly command: string
  /** A token of its draft, in milliseconds. */
  readonly stepMs: number
  /** Ascending, from 1 on. */
  readonly passes: readonly { readonly tokens: number; readonly ms: number }[]
}

export function measured(): Measured {
  return JSON.parse(readFileSync(join(root, 'docs/images/pass-curve.json'), 'utf8')) as Measured
}

export function provenance({ date, hardware, models }: Measured): string {
  return `${models.map(({ command }) => command).join(', ')}: ${hardware}, ${date}.`
}
