/** What the page reads of the server's answers. */

export const ORIGINS = ['accepted', 'corrected', 'bonus', 'plain'] as const
export type Origin = (typeof ORIGINS)[number]

export interface TracedToken {
  readonly text: string
  readonly origin: Origin
  /** With a correction: the guesses that were dropped, first the one that it stands in place of. */
  readonly refused?: readonly string[]
}

/** The server's own count at the end. What it does not know is absent or `null`. */
export interface RunStats {
  readonly tau?: number | null
  readonly tokensPerSecond?: number | null
  readonly decodeMs?: number | null
  readonly strategy?: string | null
  readonly drafted?: number | null
  readonly accepted?: number | null
  /** Times plain decoding. */
  readonly estimatedSpeedup?: number | null
}

export interface Chunk {
  readonly choices?: readonly {
    readonly text?: string | null
    readonly delta?: { readonly content?: string | null }
  }[]
  readonly foretoken?: {
    readonly tokens?: readonly TracedToken[]
    readonly stats?: RunStats
  }
  readonly error?: { readonly message?: string }
}

/** The text that a chunk adds, in either of the two APIs' shapes. */
export function textOf(chunk: Chunk): string {
  const choice = chunk.choices?.[0]
  return choice?.text ?? choice?.delta?.content ?? ''
}
