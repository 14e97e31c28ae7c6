import { afterAll, beforeAll } from 'vitest'
import { Host } from './runtime/host.js'

/** Keeps the worker while the tests around this run: starting one takes longer than loading a small model. */
export function keepWorker(): void {
  let host: Host
  beforeAll(() => {
    host = Host.acquire()
  })
  afterAll(() => host.release())
}
