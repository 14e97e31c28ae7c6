import { InvalidArgumentError } from '@ai-sdk/provider'
import { type VerifierName, verifiers } from '@foretoken/core'
import type { CallOptions } from './call.js'

/** What a call may say under `providerOptions.foretoken`. */
export type ForetokenProviderOptions = {
  /** Whether to draft. Default `true`. */
  readonly speculative?: boolean
  /** What the text is expected to be, in whole or in part: a file that is to be edited a little. It is drafted first. */
  readonly prediction?: string
  /** How drafts are judged. Default: what keeps the target's text. What is `lossy` changes the text. */
  readonly verifier?: VerifierName
}

const valid: Record<keyof ForetokenProviderOptions, { readonly must: string; is(value: unknown): boolean }> = {
  speculative: { must: 'true or false', is: (value) => typeof value === 'boolean' },
  prediction: { must: 'a text', is: (value) => typeof value === 'string' },
  verifier: {
    must: `one of ${Object.keys(verifiers).join(', ')}`,
    is: (value) => typeof value === 'string' && Object.hasOwn(verifiers, value),
  },
}

/** @throws `InvalidArgumentError` for an option that there is not, or a value that it does not take. */
export function providerOptionsOf({ providerOptions }: CallOptions): ForetokenProviderOptions {
  const given = providerOptions?.foretoken ?? {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue
    const argument = `providerOptions.foretoken.${name}`
    if (!Object.hasOwn(valid, name)) {
      const known = Object.keys(valid).join(', ')
      throw new InvalidArgumentError({ argument, message: `There is no ${argument}: use ${known}.` })
    }
    const { must, is } = valid[name as keyof ForetokenProviderOptions]
    if (is(value)) continue
    throw new InvalidArgumentError({
      argument,
      message: `${argument} is ${JSON.stringify(value)}: it must be ${must}.`,
    })
  }
  return given as ForetokenProviderOptions
}
