import { loadModel } from '@foretoken/backend-llama'
import { draftModel, ForetokenError, generate } from '@foretoken/core'
import type { Ask, Port, Stop } from './protocol.js'

/** Answers what comes over `port` until the process ends. */
export async function answerOver(
  port: Port,
  paths: { readonly target: string; readonly draft: string },
): Promise<void> {
  const model = await loadModel({ path: paths.target })
  const strategy = draftModel({ model: await loadModel({ path: paths.draft }) })
  const underWay = new Map<number, AbortController>()
  // One text at a time: the model was loaded for one.
  let last: Promise<void> = Promise.resolve()

  port.on('message', ({ data }) => {
    const message = data as Ask | Stop
    if ('stop' in message) {
      underWay.get(message.stop)?.abort()
      return
    }
    const { id, prompt, maxTokens } = message
    const abort = new AbortController()
    underWay.set(id, abort)
    last = last.then(async () => {
      try {
        const generation = generate({ model, strategy, prompt, maxTokens, signal: abort.signal })
        for await (const { text } of generation) if (text !== '') port.postMessage({ id, text })
        const { stats } = await generation.result()
        port.postMessage({ id, done: true, tokensPerSecond: stats.tokensPerSecond })
      } catch (error) {
        const known = error instanceof ForetokenError || abort.signal.aborted
        port.postMessage({ id, error: known ? (error as Error).message : 'The model failed.' })
      } finally {
        underWay.delete(id)
      }
    })
  })
  port.start()
}
