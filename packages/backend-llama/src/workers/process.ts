import { ForetokenError } from '@foretoken/core'
import { forkModule, lastWords } from '../fork-module.js'
import { Link } from '../remote/link.js'
import type { ChildReport, ChildStart, Opened } from './child-messages.js'

export interface SpreadProcess {
  readonly link: Link
  readonly opened: Opened
}

interface Listeners {
  readonly onProgress: ((fraction: number) => void) | undefined
  readonly onWarning: (message: string) => void
  readonly signal: AbortSignal | undefined
}

/**
 * Starts a process that holds a spread model, and waits until it is loaded.
 *
 * @param rows The descriptor of the file that rows of logits go to.
 * @param onLink Is given the process before that: whoever watches the workers can end it.
 * @throws What it failed with, `worker-lost` when it ended, or the signal's reason.
 */
export async function startProcess(
  start: ChildStart,
  rows: number,
  onLink: (link: Link) => void,
  { onProgress, onWarning, signal }: Listeners,
): Promise<SpreadProcess> {
  signal?.throwIfAborted()
  const child = forkModule('spread-child', 'workers/child', [rows])
  const link = new Link(child, lastWords(child))
  onLink(link)
  child.ref()
  const abort = (): void => link.kill('the load was ended')
  signal?.addEventListener('abort', abort)
  try {
    const opened = await new Promise<Opened>((resolve, reject) => {
      child.on('message', (report: ChildReport | { type?: undefined }) => {
        if (report.type === 'progress') onProgress?.(report.fraction)
        if (report.type === 'warning') onWarning(report.message)
        if (report.type === 'opened') resolve(report.opened)
        if (report.type === 'failed') reject(new ForetokenError(report.code, report.message))
      })
      const inner = link.onLost
      link.onLost = (reason) => {
        inner?.(reason)
        reject(new ForetokenError('worker-lost', `The process of the spread model has ended: ${reason}.`))
      }
      child.send(start)
    })
    return { link, opened }
  } catch (error) {
    link.kill('it was not loaded')
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', abort)
    child.unref()
  }
}
