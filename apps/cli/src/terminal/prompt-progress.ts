import type { GenerateEvent } from '@foretoken/core'
import { plural } from './format.js'
import { createPatientProgress, type Progress } from './progress.js'
import type { Terminal } from './terminal.js'

/** Tells on stderr how much of a long prompt was read, where that takes its time. */
export interface PromptProgress {
  /** To be shown every event of a generation. */
  see(event: GenerateEvent): void
  /** To be called when the generation has ended or failed. */
  done(): void
}

export function createPromptProgress(terminal: Terminal): PromptProgress {
  let progress: Progress | undefined
  const done = (): void => {
    progress?.done()
    progress = undefined
  }
  return {
    see(event) {
      if (event.type !== 'prompt') return done()
      progress ??= createPatientProgress(terminal, `reading a prompt of ${plural(event.total, 'token')}`)
      progress.update(event.read / event.total)
    },
    done,
  }
}
