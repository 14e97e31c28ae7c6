import { existsSync } from 'node:fs'
import type { LlamaModel, LoadOptions } from '@foretoken/backend-llama'
import type { ModelFlags } from '../options.js'
import { createProgress } from '../terminal/progress.js'
import { printLine, type Terminal } from '../terminal/terminal.js'

/** Loads are quick to start with; after this many milliseconds people want to know what goes on. */
const patience = 700

/** Loads one model as the flags say. Progress and warnings go to stderr. */
export async function openModel(
  file: string,
  flags: Pick<ModelFlags, 'gpu' | 'threads' | 'context'>,
  terminal: Terminal,
  options: Pick<LoadOptions, 'sequences' | 'calibrate'> = {},
): Promise<LlamaModel> {
  // The runtime takes half a second to start: commands that need no model do not wait for it.
  const { loadModel } = await import('@foretoken/backend-llama')
  const progress = createProgress(terminal, `loading ${file}`)
  const started = performance.now()
  let told = false
  const model = await loadModel({
    ...(isAddress(file) ? { uri: file } : { path: file }),
    gpu: flags.gpu,
    ...(flags.threads !== undefined && { threads: flags.threads }),
    ...(flags.context !== undefined && { contextSize: flags.context }),
    ...options,
    signal: terminal.signal,
    onWarning: (message) => printLine(terminal.err, `warning: ${message}`),
    onProgress: ({ fraction }) => {
      if (performance.now() - started < patience) return
      told = true
      progress.update(fraction)
    },
  })
  if (told) progress.done()
  return model
}

/** `hf:user/model`, `https://…` */
function isAddress(file: string): boolean {
  return /^(hf|huggingface|https?):/.test(file) && !existsSync(file)
}
