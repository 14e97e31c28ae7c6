import { open } from 'node:fs/promises'

/** Where the bytes of a model file come from: this machine, or another one that gives parts of it. */
export interface FileSource {
  /** Bytes of the whole file. */
  readonly size: number
  /** Bytes from `position` on; fewer than `length` only where there are no more. */
  read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>>
  close(): Promise<void>
}

/** A file on this machine. @throws What the file system throws. */
export async function openFile(path: string): Promise<FileSource> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    return {
      size,
      async read(position, length) {
        const bytes = new Uint8Array(length)
        const { bytesRead } = await file.read(bytes, 0, length, position)
        return bytes.subarray(0, bytesRead)
      },
      close: () => file.close(),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}
