import { existsSync } from 'node:fs'
import { ForetokenError } from '@foretoken/core'
import { draft, draftOnnx, target, targetOnnx } from '@foretoken/demo-models'
import type { ModelFlags } from '../options.js'
import { type Backend, backendOf } from './backend.js'

/** Which models a command works on: files, folders or addresses. */
export interface ModelFiles {
  readonly target: string
  readonly draft: string | undefined
  /** What runs the target. */
  readonly backend: Backend
  /** Whether it is the pair that comes with the program. */
  readonly demo: boolean
}

/** What to say next to figures or text of the pair that comes with the program. */
export const demoNote = 'demo models: small ones, trained on code to show speed; their text makes little sense'

/** What of the flags says which models these are. */
export type FileFlags = Pick<ModelFlags, 'model' | 'draft' | 'backend' | 'device'> & {
  readonly gpu?: ModelFlags['gpu']
}

/**
 * The models that the flags name, or the demo pair. A model of one's own comes without a draft unless it is named.
 *
 * @throws `invalid-argument` for flags that say nothing to any of them, `model-file` without the demo pair.
 */
export function modelFiles(flags: FileFlags): ModelFiles {
  const files = named(flags)
  const backend = backendOf(files.target, flags)
  const used = [backend, ...(files.draft === undefined ? [] : [backendOf(files.draft, flags)])]
  if (flags.device !== undefined && !used.includes('onnx')) {
    throw new ForetokenError('invalid-argument', '--device is for ONNX models: use --gpu for GGUF files.')
  }
  if (flags.gpu !== undefined && flags.gpu !== 'auto' && !used.includes('llama')) {
    throw new ForetokenError('invalid-argument', '--gpu is for GGUF files: use --device for ONNX models.')
  }
  return { ...files, backend }
}

function named(flags: FileFlags): Omit<ModelFiles, 'backend'> {
  if (flags.model !== undefined) return { target: flags.model, draft: flags.draft, demo: false }
  const pair = flags.backend === 'onnx' ? { target: targetOnnx, draft: draftOnnx } : { target, draft }
  if (!existsSync(pair.target)) {
    throw new ForetokenError(
      'model-file',
      `The demo models are not installed (${pair.target} is missing). Pass a model of your own with --model.`,
    )
  }
  return { target: pair.target, draft: flags.draft ?? pair.draft, demo: true }
}
