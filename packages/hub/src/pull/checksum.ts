import { createHash } from 'node:crypto'
import type { HubFile } from './listing.js'

/** What a file's bytes add up to, to be compared with its etag. */
export interface Checksum {
  update(bytes: Uint8Array): void
  hex(): string
}

export function checksumFor({ etag, size }: HubFile): Checksum {
  const hash = createHash(etag.length === 64 ? 'sha256' : 'sha1')
  if (etag.length === 40) hash.update(`blob ${size}\0`)
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') }
}
