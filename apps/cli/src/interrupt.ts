import { exitCodes, Interrupted } from './failure.js'

/** A signal that Ctrl-C aborts. A second Ctrl-C ends the program at once. */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController()
  const handle = (): void => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted)
    controller.abort(new Interrupted())
  }
  process.on('SIGINT', handle)
  process.on('SIGTERM', handle)
  return controller.signal
}
