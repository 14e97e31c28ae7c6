import koffi from 'koffi'
import { inBackground } from './calls.js'
import type { Call } from './calls.js'

type Trim = Call<[keep: number], number>

let found: { readonly trim: Trim | undefined } | undefined

/**
 * Hands what the allocator keeps of freed memory back to the system. glibc keeps a share for each thread that ever
 * allocated, so that a process that loads and disposes models again and again would seem to grow. Elsewhere: does nothing.
 */
export async function returnFreedMemory(): Promise<void> {
  found ??= { trim: findTrim() }
  if (found.trim !== undefined) await inBackground(found.trim, 0)
}

function findTrim(): Trim | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    return koffi.load('libc.so.6').func('malloc_trim', 'int', ['size_t']) as unknown as Trim
  } catch {
    return undefined
  }
}
