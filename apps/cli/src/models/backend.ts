import { statSync } from 'node:fs'
import { ForetokenError } from '@foretoken/core'

/** What runs a model: llama.cpp, or ONNX Runtime. */
export type Backend = 'llama' | 'onnx'

export const backends: readonly Backend[] = ['llama', 'onnx']

/**
 * What a model is to be run by: as the flags say, or else as its name does.
 *
 * @param file A file, a folder, or an address.
 * @throws `invalid-argument` when it is of the other kind than the flags say.
 */
export function backendOf(file: string, { backend }: { readonly backend?: Backend | undefined }): Backend {
  const kind = kindOf(file)
  if (backend === 'onnx' && kind === 'llama') {
    throw new ForetokenError(
      'invalid-argument',
      `${file} is a GGUF file, and --backend onnx runs none: leave that out, or convert the file first (foretoken convert ${file} --to onnx).`,
    )
  }
  if (backend === 'llama' && kind === 'onnx') {
    throw new ForetokenError(
      'invalid-argument',
      `${file} is ${file.endsWith('.onnx') ? 'an ONNX file' : 'a folder'}, and --backend llama takes GGUF files: leave that out, or name a GGUF file.`,
    )
  }
  return backend ?? kind ?? 'llama'
}

/** `undefined` where the name does not tell. */
function kindOf(file: string): Backend | undefined {
  if (file.endsWith('.gguf')) return 'llama'
  const folder = statSync(file, { throwIfNoEntry: false })?.isDirectory()
  return file.endsWith('.onnx') || folder ? 'onnx' : undefined
}
