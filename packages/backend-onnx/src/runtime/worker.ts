import { parentPort } from 'node:worker_threads'
import { ForetokenError } from '@foretoken/core'
import { Engine } from './engine.js'
import type { Call, Reply, Results } from './messages.js'

/* The thread that the models run on. Started by host.ts. */

const port = parentPort!
const engine = new Engine()
/** One request at a time, in the order in which they came. */
let last: Promise<unknown> = Promise.resolve()

port.on('message', (call: Call) => {
  last = last.then(() => answer(call))
})

async function answer({ id, request }: Call): Promise<void> {
  try {
    const value = await engine.handle(request)
    const reply: Reply = { id, value }
    port.postMessage(reply, buffersOf(value))
  } catch (error) {
    const code = ForetokenError.is(error) ? error.code : 'runtime'
    const message = error instanceof Error ? error.message : String(error)
    port.postMessage({ id, error: { code, message } } satisfies Reply)
  }
}

/** Logits are not copied on their way. Those of several texts may share a buffer. */
function buffersOf(value: Results[keyof Results]): ArrayBuffer[] {
  if (!Array.isArray(value)) return []
  return [...new Set((value as Results['pass']).flatMap((logits) => (logits ? [logits.buffer as ArrayBuffer] : [])))]
}
