import { ForetokenError } from '@foretoken/core'
import { formatBytes } from '../format-bytes.js'

const advice = 'set HF_HUB_CACHE to a folder on a larger disk'

/** @throws `runtime` when there is no room for `needed` bytes in `folder`, which is there. */
export async function mustHaveRoom(
  folder: string,
  needed: number,
  freeBytes: (folder: string) => Promise<number>,
): Promise<void> {
  if (needed === 0) return
  const free = await freeBytes(folder).catch(() => Infinity)
  if (free >= needed) return
  throw new ForetokenError(
    'runtime',
    `The disk of ${folder} has ${formatBytes(free)} free, and ${formatBytes(needed)} are needed. ` +
      `Free ${formatBytes(needed - free)}, or ${advice}.`,
  )
}

/** What the file system said, so that it helps. @param left Bytes that are still to come. */
export function diskFailure(error: unknown, file: string, left: number): unknown {
  if (ForetokenError.is(error)) return error
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new ForetokenError(
      'runtime',
      `The disk is full: ${formatBytes(left)} are still to be written to ${file}. Free as much and try again, it goes on ` +
        `from there; or delete that file, and ${advice}.`,
      { cause: error },
    )
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new ForetokenError(
      'runtime',
      `${file} cannot be written (${code}). Make it writable, or set HF_HUB_CACHE to a folder of yours.`,
      {
        cause: error,
      },
    )
  }
  return typeof code !== 'string'
    ? error
    : new ForetokenError('runtime', `${file} cannot be written (${message}).`, { cause: error })
}
