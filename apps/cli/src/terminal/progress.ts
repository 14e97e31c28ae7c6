import { Region } from './region.js'
import { isLive, printLine, type Terminal } from './terminal.js'
import { bytes } from './format.js'

/** Tells on stderr how far something long has come. */
export interface Progress {
  /** @param fraction In `[0, 1]`. */
  update(fraction: number, total?: number): void
  done(note?: string): void
}

/** Much is quick; after this many milliseconds people want to know what goes on. */
const patience = 700

/** As {@link createProgress}, for what most often takes no time: silent until it does. To be ended whatever comes. */
export function createPatientProgress(terminal: Terminal, label: string): Progress {
  const progress = createProgress(terminal, label)
  let told = false
  let latest: Parameters<Progress['update']> | undefined
  const timer = setTimeout(() => {
    told = true
    if (latest) progress.update(...latest)
  }, patience).unref()
  return {
    update(...now) {
      latest = now
      if (told) progress.update(...now)
    },
    done(note) {
      clearTimeout(timer)
      if (told) progress.done(note)
    },
  }
}

/** A bar that grows on a terminal; a line at the start and one at the end elsewhere. */
export function createProgress(terminal: Terminal, label: string): Progress {
  const live = isLive(terminal, 'err')
  const region = new Region(terminal.err)
  let started = false
  return {
    update(fraction, total) {
      const of = total === undefined ? '' : ` of ${bytes(total)}`
      if (live) region.draw([`${label}${of}  ${bar(fraction)} ${Math.floor(fraction * 100)} %`])
      else if (!started) printLine(terminal.err, `${label}${of} …`)
      started = true
    },
    done(note) {
      if (live) region.finish(note === undefined ? [] : [note])
      else if (note !== undefined) printLine(terminal.err, note)
    },
  }
}

/** @param fraction In `[0, 1]`. */
export function bar(fraction: number, columns = 24): string {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * columns)
  return '█'.repeat(full) + '░'.repeat(columns - full)
}
