import { existsSync } from 'node:fs'
import { ForetokenError } from '@foretoken/core'
import type { ExportedModel } from './vllm.js'

/**
 * A model of the Hub as another engine calls it.
 *
 * @param file As in `--model`.
 * @returns `undefined` for what is here: a file.
 * @throws `unsupported` for what no other engine loads under that name.
 */
export function hubModel(file: string): ExportedModel | undefined {
  if (existsSync(file)) return undefined
  const name = file.replace(/^(hf|huggingface):/, '')
  if (/^[\w.-]+\/[\w.-]+$/.test(name) && !name.endsWith('.gguf')) return { name, gguf: false }
  if (/^[\w.-]+\/[\w.-]+:[\w.-]+$/.test(name)) return { name, gguf: true }
  if (name === file && !/^https?:/.test(file)) return undefined
  throw new ForetokenError('unsupported', `${file} is no name that vLLM knows: use user/model or user/model:type.`)
}
