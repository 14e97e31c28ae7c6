/** What one way of decoding made of one prompt. */
export interface Decoding {
  /** Tokens that {@link ms} covers. */
  readonly tokens: number
  /** Milliseconds of decoding, the reading of the prompt left out. */
  readonly ms: number
  /** What was said, without the prompt. */
  readonly text: string
  /** Absent where the program does not tell, or nothing was drafted. */
  readonly drafted?: number | undefined
  readonly accepted?: number | undefined
}

/** `plain`: no drafts. `default`: what one gets who names a draft model and nothing else. `tuned`: anything else. */
export type Role = 'plain' | 'default' | 'tuned'

export interface Setting {
  readonly name: string
  readonly role: Role
}

/** One program at one setting. */
export interface Contender extends Setting {
  readonly peer: string
  decode(prompt: string): Promise<Decoding>
  /** Ends what is kept running for this setting alone. */
  close?(): Promise<void>
}

export interface Peer {
  readonly name: string
  readonly contenders: readonly Contender[]
  close?(): Promise<void>
}

/** What all peers have in common. */
export interface Setup {
  readonly target: string
  readonly draft: string
  readonly threads: number
  readonly maxTokens: number
  /** 0 is greedy. Nothing else shapes the distribution: no top-k, no top-p, no penalties. */
  readonly temperature: number
  readonly contextSize: number
  readonly seed: number
  /** Aborted by Ctrl-C: ends every child. */
  readonly signal: AbortSignal
}
