/** What is said when there is nothing to say, so that nobody on the way takes the connection for dead. */
const heartbeat = ': waiting\n\n'

export const doneFrame = 'data: [DONE]\n\n'

export function dataFrame(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

/** A comment, which clients skip. */
export function commentFrame(text: string): string {
  return `: ${text}\n\n`
}

export interface EventStreamOptions {
  readonly heartbeatMs: number
  /** @returns The frame that tells of an error, after which nothing comes. */
  readonly onError: (error: unknown) => string
  /** Nobody reads any more: the frames are to stop. */
  readonly onCancel: () => void
  /** There will be no more frames, for whatever reason. Not told of when this function rejects. */
  readonly onEnd: () => void
}

/**
 * Frames as the body of an answer, each made when the reader is ready for it.
 *
 * Resolves with the first frame, or when that takes as long as a heartbeat: what fails until then rejects, and can still
 * be told by a status.
 */
export async function eventStream(
  frames: AsyncGenerator<string, void>,
  { heartbeatMs, onError, onCancel, onEnd }: EventStreamOptions,
): Promise<ReadableStream<Uint8Array>> {
  let pending: Promise<IteratorResult<string, void>> | undefined = frames.next()
  await within(heartbeatMs, pending)
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const send = (frame: string): void => controller.enqueue(encoder.encode(frame))
        let failed: string | undefined
        try {
          pending ??= frames.next()
          const step = await within(heartbeatMs, pending)
          if (step === undefined) return send(heartbeat)
          pending = undefined
          if (!step.done) return send(step.value)
        } catch (error) {
          failed = onError(error)
        }
        onEnd()
        // It may have been cancelled meanwhile, and then takes nothing any more.
        try {
          if (failed !== undefined) send(failed)
          controller.close()
        } catch {}
      },
      async cancel() {
        onCancel()
        // The frame under way fails, as its makers were just told to stop.
        await pending?.catch(() => {})
        await frames.return().catch(() => {})
        onEnd()
      },
    },
    { highWaterMark: 0 },
  )
}

/** The value, or `undefined` after `ms`. */
async function within<T>(ms: number, value: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms)
    })
    return await Promise.race([value, late])
  } finally {
    clearTimeout(timer)
  }
}
