import { existsSync } from 'node:fs'
import { ForetokenError } from '@foretoken/core'
import { draft, target } from '@foretoken/demo-models'
import type { ModelFlags } from '../options.js'

/** Which model files a command works on. */
export interface ModelFiles {
  readonly target: string
  readonly draft: string | undefined
  /** Whether it is the pair that comes with the program. */
  readonly demo: boolean
}

/** What to say next to figures or text of the pair that comes with the program. */
export const demoNote = 'demo models: small ones, trained on code to show speed; their text makes little sense'

/** The models that the flags name, or the demo pair. A model of one's own comes without a draft unless it is named. */
export function modelFiles(flags: Pick<ModelFlags, 'model' | 'draft'>): ModelFiles {
  if (flags.model !== undefined) return { target: flags.model, draft: flags.draft, demo: false }
  if (!existsSync(target)) {
    throw new ForetokenError(
      'model-file',
      `The demo models are not installed (${target} is missing). Pass a model of your own with --model.`,
    )
  }
  return { target, draft: flags.draft ?? draft, demo: true }
}
