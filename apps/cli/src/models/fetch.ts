import type { PullOptions, PullProgress } from '@foretoken/hub'
import { bytes, duration } from '../terminal/format.js'
import { createProgress } from '../terminal/progress.js'
import { printLine, type Terminal } from '../terminal/terminal.js'

/** Downloads, as the environment says, and tells on stderr how far it has come. */
export async function fetchWithProgress<T>(
  name: string,
  terminal: Terminal,
  work: (options: PullOptions) => Promise<T>,
): Promise<T> {
  const { hubSettings } = await import('@foretoken/hub')
  const progress = createProgress(terminal, `downloading ${name}`)
  const started = performance.now()
  let first: PullProgress | undefined
  let latest: PullProgress | undefined
  try {
    const found = await work({
      ...hubSettings({}, terminal.env),
      signal: terminal.signal,
      onProgress(now) {
        if (first?.total !== now.total) first = now
        // What is here already takes no time, and no line.
        if (first.bytes === now.total) return
        latest = now
        progress.update(now.total === 0 ? 1 : now.bytes / now.total, now.total)
      },
      onNotice(notice) {
        progress.done()
        printLine(terminal.err, notice)
      },
    })
    if (latest) progress.done(`downloaded ${name}: ${bytes(latest.total)} (${duration(performance.now() - started)})`)
    return found
  } catch (error) {
    if (latest) progress.done()
    throw error
  }
}
