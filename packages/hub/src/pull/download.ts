import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'
import { Changed } from './changed.js'
import { type Checksum, checksumFor } from './checksum.js'
import type { Context } from './context.js'
import { diskFailure } from './disk.js'
import type { HubFile } from './listing.js'
import { Passing, persist } from './persist.js'
import { passing, request } from './request.js'

/** What a try must bring, in bytes, for the tries to be counted from the start: else it could go on for ever. */
const worthwhile = 1 << 16

/** From where to where. */
export interface Transfer {
  readonly file: HubFile
  /** Where the Hub has it. */
  readonly address: string
  /** The file to write; what is in it already is gone on from. */
  readonly part: string
  /** Called with the bytes that are there: it can go back. */
  readonly onBytes: (there: number) => void
}

/**
 * Downloads one file. What comes is checked, and what is there already as well.
 *
 * @throws {@link Changed}; `runtime` when the network or the disk fails, `model-file` when the Hub refuses or what comes
 * is damaged; the signal's reason, after which the part stays for the next time.
 */
export async function download(context: Context, transfer: Transfer): Promise<void> {
  const { file, part } = transfer
  const handle = await open(part, constants.O_RDWR | constants.O_CREAT, 0o644).catch((error: unknown) => {
    throw diskFailure(error, part, file.size)
  })
  try {
    if (await complete(context, transfer, handle)) return
    context.say(`${file.path} came damaged: its checksum is wrong; downloading it once more`)
    await handle.truncate(0)
    if (await complete(context, transfer, handle)) return
    await handle.truncate(0)
    throw new ForetokenError(
      'model-file',
      `${file.path} came damaged twice: its checksum is not ${file.etag}. Something on the way changes it: ` +
        'try without a proxy, or from another mirror (HF_ENDPOINT).',
    )
  } finally {
    await handle.close()
  }
}

/** @returns Whether what is in the file now is what it should be. */
async function complete(context: Context, transfer: Transfer, handle: FileHandle): Promise<boolean> {
  const { file, address, part, onBytes } = transfer
  let { checksum, at } = await readPart(context, handle, transfer)
  const restart = async (): Promise<void> => {
    await handle.truncate(0)
    checksum = checksumFor(file)
    at = 0
    onBytes(at)
  }
  // As the server that sends the bytes calls them; it is asked to go on only with those.
  let etag: string | undefined
  const receive = async (): Promise<void> => {
    const before = at
    const headers = new Headers()
    if (at > 0) headers.set('range', `bytes=${at}-`)
    if (at > 0 && etag !== undefined) headers.set('if-range', etag)
    const { response, hub, alive, close } = await request(context, address, headers)
    try {
      mustBeSame(hub, file)
      if (at > 0 && response.status !== 206) await restart()
      const { from, size = file.size } = extentOf(response)
      if (from !== at || size !== file.size) {
        throw new Changed(`${file.path} has another size than the Hub has listed`)
      }
      etag = strong(response.headers.get('etag'))
      for await (const bytes of response.body ?? []) {
        alive()
        if (at + bytes.length > file.size) throw new Changed(`${file.path} is longer than the Hub has listed`)
        await write(handle, bytes, at).catch((error: unknown) => {
          throw diskFailure(error, part, file.size - at)
        })
        checksum.update(bytes)
        at += bytes.length
        onBytes(at)
      }
    } catch (error) {
      throw passing(error, new URL(response.url || address), context.patience.silence, at - before > worthwhile)
    } finally {
      close()
    }
    if (at < file.size)
      throw new Passing(`the connection was cut after ${at} of ${file.size} bytes`, at - before > worthwhile)
  }
  if (at < file.size || file.size === 0) await persist(context, `downloading ${file.path}`, receive)
  // Before it gets its name, which every tool trusts, it is on the disk.
  await handle.sync().catch((error: unknown) => {
    throw diskFailure(error, part, 0)
  })
  return checksum.hex() === file.etag
}

/** What an earlier try has left. */
async function readPart(
  { signal }: Context,
  handle: FileHandle,
  { file, onBytes }: Transfer,
): Promise<{ checksum: Checksum; at: number }> {
  const { size } = await handle.stat()
  const checksum = checksumFor(file)
  if (size > file.size) {
    await handle.truncate(0)
    return { checksum, at: 0 }
  }
  const bytes = new Uint8Array(Math.min(size, 1 << 20))
  let at = 0
  while (at < size) {
    // Of tens of gigabytes it takes a minute.
    signal?.throwIfAborted()
    const { bytesRead } = await handle.read(bytes, 0, Math.min(bytes.length, size - at), at)
    if (bytesRead === 0) break
    checksum.update(bytes.subarray(0, bytesRead))
    at += bytesRead
    onBytes(at)
  }
  return { checksum, at }
}

async function write(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}

/** The Hub says with each file what is in it; mirrors may not. */
function mustBeSame(hub: Headers, file: HubFile): void {
  const etag = plain(hub.get('x-linked-etag') ?? hub.get('etag'))
  const known = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(etag) && etag.length === file.etag.length
  if (known && etag !== file.etag) throw new Changed(`${file.path} is not what the Hub has listed`)
  const size = hub.get('x-linked-size')
  if (size !== null && Number(size) !== file.size)
    throw new Changed(`${file.path} has another size than the Hub has listed`)
}

/** Where in the file this answer starts, and how long the file is, if it says. */
function extentOf({ status, headers }: Response): { readonly from: number; readonly size?: number } {
  if (status !== 206) {
    const length = headers.get('content-length')
    return { from: 0, ...(length !== null && { size: Number(length) }) }
  }
  const [, from, size] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? []
  return { from: Number(from), ...(size !== '*' && { size: Number(size) }) }
}

function plain(etag: string | null): string {
  return (etag ?? '').replace(/^W\//, '').replaceAll('"', '')
}

/** Weak ones say nothing about bytes. */
function strong(etag: string | null): string | undefined {
  return etag === null || etag.startsWith('W/') ? undefined : etag
}
