import { existsSync } from 'node:fs'
import { ForetokenError } from '@foretoken/core'
import type { LoadOptions } from './options.js'

/** A download that brings nothing for so long is given up, in milliseconds. What it has brought is kept for the next try. */
const patience = 60_000

/**
 * The path of the model's file, downloaded first when `uri` says so.
 *
 * @throws `invalid-argument` unless exactly one of `path` and `uri` is given; `model-file` when a download fails.
 */
export async function locateModel(options: LoadOptions): Promise<string> {
  const { path, uri } = options
  if ((path === undefined) === (uri === undefined)) {
    throw new ForetokenError('invalid-argument', 'Pass either path (a GGUF file) or uri (where to download it from).')
  }
  if (path !== undefined) return path
  if (uri === undefined || existsSync(uri)) return uri ?? ''
  return download(uri, options)
}

async function download(uri: string, { onProgress, signal }: LoadOptions): Promise<string> {
  const { resolveModelFile } = await import('node-llama-cpp')
  const watch = new Watch(signal)
  try {
    await mustAnswer(uri, watch.signal)
    const found = resolveModelFile(uri, {
      cli: false,
      deleteTempFileOnCancel: false,
      signal: watch.signal,
      onProgress: ({ totalSize, downloadedSize }) => {
        watch.saw(downloadedSize)
        onProgress?.({ stage: 'download', fraction: totalSize > 0 ? downloadedSize / totalSize : 0 })
      },
    })
    return await Promise.race([found, watch.ended])
  } catch (cause) {
    signal?.throwIfAborted()
    throw new ForetokenError(
      'model-file',
      `${uri} could not be downloaded (${(cause as Error).message}). Check the address and the network, ` +
        'or download the file yourself and pass its path.',
      { cause },
    )
  } finally {
    watch.stop()
  }
}

/** Asks for the file before the downloader does, which would try an address that is wrong again and again, for very long. */
async function mustAnswer(uri: string, signal: AbortSignal): Promise<void> {
  if (!/^https?:/.test(uri)) return
  const { status } = await fetch(uri, { method: 'HEAD', signal }).catch((error: unknown) => {
    throw (error as { cause?: Error }).cause ?? (error as Error)
  })
  if (status === 401 || status === 403 || status === 404 || status === 410)
    throw new Error(`the server answered ${status}`)
}

/** Ends a download at the caller's signal, or when nothing comes any more: the downloader itself tries for very long. */
class Watch {
  readonly ended: Promise<never>
  private readonly controller = new AbortController()
  private readonly caller: AbortSignal | undefined
  private readonly onAbort = (): void => this.controller.abort(this.caller?.reason)
  private timer: NodeJS.Timeout | undefined
  private seen = -1

  constructor(caller: AbortSignal | undefined) {
    this.caller = caller
    this.ended = new Promise((_, reject) => {
      this.signal.addEventListener('abort', () => reject(this.signal.reason as Error), { once: true })
    })
    this.ended.catch(() => {})
    if (caller?.aborted) this.onAbort()
    caller?.addEventListener('abort', this.onAbort, { once: true })
    this.saw(0)
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** Bytes that have come so far. */
  saw(bytes: number): void {
    if (bytes === this.seen) return
    this.seen = bytes
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.controller.abort(new Error(`nothing came for ${patience / 1000} s`)), patience)
  }

  stop(): void {
    clearTimeout(this.timer)
    this.caller?.removeEventListener('abort', this.onAbort)
  }
}
