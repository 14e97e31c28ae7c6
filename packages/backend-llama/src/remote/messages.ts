import type { Capabilities, ErrorCode } from '@foretoken/core'

/** What a process asks of the one that holds the model. `at`: what the sequence is to be rolled back to before. */
export type Request =
  | { readonly op: 'open'; readonly sequence: number }
  | {
      readonly op: 'forward'
      readonly sequence: number
      readonly at: number
      readonly tokens: Int32Array
      readonly outputs: number
      /** Where in the file its rows are to lie, in bytes. */
      readonly position: number
    }
  | { readonly op: 'fork'; readonly sequence: number; readonly at: number; readonly copy: number }
  | { readonly op: 'close'; readonly sequence: number }
  /** Ends an earlier call. Has no answer of its own. */
  | { readonly op: 'abort'; readonly aborted: number }

export interface Passed {
  /** The largest of each row. Rows themselves are read from the file by those who want them. */
  readonly argmax: Int32Array
  /** Sequences that shared a pass have the same number. */
  readonly pass:
    | { readonly id: number; readonly tokens: number; readonly sequences: number; readonly ms: number }
    | undefined
}

export interface Call {
  readonly id: number
  readonly request: Request
}

export type Reply =
  | { readonly id: number; readonly value?: Passed }
  | {
      readonly id: number
      readonly error: { readonly code: ErrorCode; readonly message: string }
      /** How many tokens the sequence holds now. */
      readonly held: number | undefined
    }

/** What the model is, told once it is loaded. */
export interface Served {
  readonly capabilities: Capabilities
  readonly contextLength: number
  readonly vocabSize: number
}
