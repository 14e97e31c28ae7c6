import type { Readable, Writable } from 'node:stream'
import { createPaint, type Paint, wantsColor } from './paint.js'

/** What a command has to do with the outside world. */
export interface Terminal {
  /** Results: what a pipe should get. */
  readonly out: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** Everything about the run: progress, figures, warnings. */
  readonly err: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

export function printLine(stream: Writable, line = ''): void {
  stream.write(`${line}\n`)
}

export function printJson(stream: Writable, value: unknown): void {
  printLine(stream, JSON.stringify(value, undefined, 2))
}

/** Colours for one of the terminal's streams. @param wish `--color`, `--no-color`. */
export function paintFor(terminal: Terminal, stream: 'out' | 'err', wish?: boolean): Paint {
  return createPaint(wantsColor(wish, terminal.env, terminal[stream].isTTY === true))
}

/** Whether lines may be redrawn: people look at it, and it is a real terminal. */
export function isLive(terminal: Terminal, stream: 'out' | 'err'): boolean {
  return terminal[stream].isTTY === true && terminal.env.TERM !== 'dumb' && !terminal.env.CI
}
