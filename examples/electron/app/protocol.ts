/* What the window and the model's process say to each other, over a MessagePort. */

export interface Ask {
  readonly id: number
  readonly prompt: string
  readonly maxTokens: number
}

/** Ends an answer that is under way. */
export interface Stop {
  readonly stop: number
}

export type Answer =
  | { readonly id: number; readonly text: string }
  | { readonly id: number; readonly done: true; readonly tokensPerSecond: number }
  | { readonly id: number; readonly error: string }

/** What of a port is used: Electron's `MessagePortMain` is one. */
export interface Port {
  on(event: 'message', listener: (message: { data: unknown }) => void): unknown
  postMessage(message: Answer): void
  start(): void
}
