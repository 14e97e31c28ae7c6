import koffi from 'koffi'
import type { LibraryFiles } from '../ffi/library.js'

/** The device registries, by library, that run on kernels of ours. */
const swapped = new Set<string>()

/**
 * Puts other CPU kernels in place of those that llama.cpp was loaded with. Models that are loaded from now on run on them.
 *
 * @param kernels A `ggml-cpu` library of the same release.
 * @param prebuilt The one that is in use, to go back to. It stays mapped: models of other owners may be running on it.
 * @returns Whether the new ones are in use.
 */
export function swapKernels(files: LibraryFiles, kernels: string, prebuilt: string): boolean {
  // Asking for another device gives another runtime over the same library: its kernels must stay where they are.
  if (swapped.has(files.ggml)) return true
  koffi.load(prebuilt)
  const ggml = koffi.load(files.ggml)
  const find = ggml.func('ggml_backend_reg_by_name', 'void *', ['str']) as (name: string) => bigint | null
  const unload = ggml.func('ggml_backend_unload', 'void', ['void *']) as (registry: bigint) => void
  const load = ggml.func('ggml_backend_load', 'void *', ['str']) as (path: string) => bigint | null

  const before = find('CPU')
  if (before === null) return false
  unload(before)
  if (load(kernels) !== null) {
    swapped.add(files.ggml)
    return true
  }
  load(prebuilt)
  return false
}
