import type { CallOptions } from './call.js'
import { asSdkError } from './errors.js'
import type { StreamPart } from './run.js'

/**
 * Runs `parts` as a stream: from when it is first read, and then to the end, however fast it is read. A reader that went
 * away without a word must not keep the model's sequence from all others.
 */
export function streamOf(
  parts: (signal: AbortSignal) => AsyncIterable<StreamPart>,
  { abortSignal, prompt }: Pick<CallOptions, 'abortSignal' | 'prompt'>,
): ReadableStream<StreamPart> {
  const left = new AbortController()
  const signal = abortSignal ? AbortSignal.any([abortSignal, left.signal]) : left.signal
  return new ReadableStream<StreamPart>(
    {
      pull(controller) {
        return tell(controller)
      },
      cancel(reason) {
        left.abort(reason)
      },
    },
    { highWaterMark: 0 },
  )

  async function tell(controller: ReadableStreamDefaultController<StreamPart>): Promise<void> {
    try {
      for await (const part of parts(signal)) {
        if (!left.signal.aborted) controller.enqueue(part)
      }
      if (!left.signal.aborted) controller.close()
    } catch (error) {
      if (left.signal.aborted) return
      if (abortSignal?.aborted) return controller.error(error)
      controller.enqueue({ type: 'error', error: asSdkError(error, { prompt }) })
      controller.close()
    }
  }
}
