import { ForetokenError } from '@foretoken/core'

export type OnnxRuntime = typeof import('onnxruntime-node')

/**
 * ONNX Runtime, which is installed beside this package by those who use it.
 *
 * @throws `runtime` when it is not there, or not for this machine.
 */
export async function importOnnxRuntime(): Promise<OnnxRuntime> {
  try {
    // CommonJS: what it exports lies under `default` where Node cannot tell the names.
    const module = (await import('onnxruntime-node')) as OnnxRuntime & { default?: OnnxRuntime }
    return module.default ?? module
  } catch (cause) {
    throw new ForetokenError('runtime', explain(cause), { cause })
  }
}

function explain(cause: unknown): string {
  const said = cause instanceof Error ? cause.message : String(cause)
  const missing = (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND'
  if (missing) {
    return 'The package onnxruntime-node is not installed. Run `npm install onnxruntime-node` (or the like of your package manager).'
  }
  return (
    `onnxruntime-node does not start on ${process.platform}-${process.arch}: ${said}. ` +
    'Install it again, or use @foretoken/backend-llama, which runs on more machines.'
  )
}
