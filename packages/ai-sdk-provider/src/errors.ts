import { InvalidArgumentError, InvalidPromptError, UnsupportedFunctionalityError } from '@ai-sdk/provider'
import { ForetokenError } from '@foretoken/core'
import type { CallOptions } from './call.js'

/** What the SDK's users look for, where the SDK has a class for it; anything else as it is. */
export function asSdkError(error: unknown, { prompt }: Pick<CallOptions, 'prompt'>): unknown {
  if (!ForetokenError.is(error)) return error
  const { code, message } = error
  switch (code) {
    case 'context-overflow':
      return new InvalidPromptError({ prompt, message, cause: error })
    case 'invalid-argument':
      return new InvalidArgumentError({ argument: 'options', message, cause: error })
    case 'unsupported':
      return new UnsupportedFunctionalityError({ functionality: message, message })
    default:
      return error
  }
}
