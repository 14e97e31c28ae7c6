import type { WorkerClient } from './client.js'
import { isFinal } from './client.js'

/** How often a worker is asked whether it is there, in milliseconds. */
const beatMs = 1000
/** A round of the clock that came later than this was held up here, not there. */
const heldUpMs = 2500

/**
 * Asks each worker whether it is there, until told to stop. One that is not, or that says we are not its client any more, is
 * lost: at the latest 5 s after it was (1 s between two questions, 3.5 s for the answer).
 */
export function watchWorkers(
  workers: readonly WorkerClient[],
  owner: string,
  onLost: (reason: string) => void,
): () => void {
  let stopped = false
  const timers = workers.map((worker) => {
    let asking = false
    let last = performance.now()
    const timer = setInterval(() => {
      const now = performance.now()
      const late = now - last > heldUpMs
      last = now
      if (asking || late) return
      asking = true
      worker
        .beat(owner)
        .catch((error: Error) => {
          // While this process itself stood still, answers waited unread.
          const heldUp = performance.now() - last > heldUpMs
          if (!stopped && (!heldUp || isFinal(error))) onLost(error.message)
        })
        .finally(() => (asking = false))
    }, beatMs)
    timer.unref()
    return timer
  })
  return () => {
    stopped = true
    for (const timer of timers) clearInterval(timer)
  }
}
