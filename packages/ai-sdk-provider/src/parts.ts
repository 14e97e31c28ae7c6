import type { ToolCallEvent } from '@foretoken/core/chat'

/** What of a stream's parts is about content. */
export type ContentPart =
  | { type: 'text-start'; id: string }
  | { type: 'text-delta'; id: string; delta: string }
  | { type: 'text-end'; id: string }
  | { type: 'tool-input-start'; id: string; toolName: string }
  | { type: 'tool-input-delta'; id: string; delta: string }
  | { type: 'tool-input-end'; id: string }
  | { type: 'tool-call'; toolCallId: string; toolName: string; input: string }

/** Makes a stream's parts of what the parser finds. */
export class Parts {
  /** Calls that are whole. */
  calls = 0
  private texts = 0
  /** The id of the text that is open. */
  private text: string | undefined
  private call: { readonly id: string; readonly name: string; input: string } | undefined;

  /** @param cut Whether the answer was cut off here: a call that ends with it is not whole, and not to be run. */
  *push(events: readonly ToolCallEvent[], cut = false): Generator<ContentPart> {
    for (const event of events) {
      switch (event.type) {
        case 'text':
          if (this.text === undefined) {
            this.text = `text-${this.texts++}`
            yield { type: 'text-start', id: this.text }
          }
          yield { type: 'text-delta', id: this.text, delta: event.text }
          break
        case 'call-start':
          yield* this.endText()
          this.call = { id: event.id, name: event.name, input: '' }
          yield { type: 'tool-input-start', id: event.id, toolName: event.name }
          break
        case 'call-arguments':
          this.call!.input += event.delta
          yield { type: 'tool-input-delta', id: this.call!.id, delta: event.delta }
          break
        case 'call-end': {
          const { id, name, input } = this.call!
          yield { type: 'tool-input-end', id }
          if (cut) break
          this.calls++
          yield { type: 'tool-call', toolCallId: id, toolName: name, input }
        }
      }
    }
  }

  *endText(): Generator<ContentPart> {
    if (this.text === undefined) return
    yield { type: 'text-end', id: this.text }
    this.text = undefined
  }
}
