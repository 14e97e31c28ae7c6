import type { TokenId } from '../model.js'
import { CallReader } from './call-reader.js'
import type { ToolForm } from './form.js'

export type ToolCallEvent =
  | { readonly type: 'text'; readonly text: string }
  /** `index` counts the calls of an answer, from 0. */
  | { readonly type: 'call-start'; readonly index: number; readonly id: string; readonly name: string }
  /** The deltas of a call are the JSON text of an object, unless the answer was cut off or the model broke off. */
  | { readonly type: 'call-arguments'; readonly index: number; readonly delta: string }
  | { readonly type: 'call-end'; readonly index: number }

export interface ToolCallParser {
  /** Whether nothing more is wanted: a call was read, and there may only be one. What is pushed then is dropped. */
  readonly done: boolean
  /** How many calls began. */
  readonly calls: number
  /**
   * @param text What is new of the answer. How it is cut does not matter.
   * @param token The token that `text` comes with: markers that are control tokens have no text.
   */
  push(text: string, token?: TokenId): ToolCallEvent[]
  /** What was still held back, as it might have become a call. */
  end(): ToolCallEvent[]
}

export interface CallParserOptions {
  readonly form: ToolForm
  /** The functions that there are. JSON that names another one is text. */
  readonly names: ReadonlySet<string>
  /** Whether there may be several calls. */
  readonly parallel: boolean
  /** Whether the prompt ended in what opens a call. */
  readonly opened: boolean
}

/**
 * Finds calls in an answer as it comes. What may become a call is held back until it is one; what turns out to be none is
 * text, to the letter. Blanks around calls are dropped.
 */
export class CallParser implements ToolCallParser {
  done = false
  calls = 0
  /** In words; behind what opens a call or a list; in a call; behind a call of a list. */
  private place: 'text' | 'opened' | 'call' | 'listed'
  /** What was read and not told: blanks, then what may become a call. */
  private held = ''
  /** Whether nothing was said yet. */
  private first = true
  /** Whether nothing was said since the last call. */
  private afterCall = false
  /** What closes the marker that is open; undefined when none is. */
  private close: string | undefined
  private inList = false
  private reader: CallReader | undefined
  /** What is still to be read. */
  private input = ''
  private events: ToolCallEvent[] = []

  constructor(private readonly options: CallParserOptions) {
    this.place = options.opened ? 'opened' : 'text'
    if (options.opened) this.close = options.form.markers[0]?.close
  }

  push(text: string, token?: TokenId): ToolCallEvent[] {
    const marker = token === undefined ? undefined : this.options.form.hidden.get(token)
    this.input = text + (marker ?? '')
    for (let at = 0; at < this.input.length && !this.done; at++) {
      const again = this.read(this.input[at]!)
      if (again === '') continue
      this.input = again + this.input.slice(at + 1)
      at = -1
    }
    return this.taken()
  }

  end(): ToolCallEvent[] {
    if (this.reader?.started) this.endCall()
    const rest = this.held.slice(this.blanks())
    if (!this.afterCall || !(this.close ?? '').startsWith(rest)) this.say(this.held)
    this.held = ''
    return this.taken()
  }

  /** @returns What has to be read again. */
  private read(character: string): string {
    switch (this.place) {
      case 'text':
        this.held += character
        return this.readText()
      case 'opened':
        this.held += character
        return this.readOpened(character)
      case 'call':
        this.held += character
        return this.readCall(character)
      case 'listed':
        if (character === ',') this.place = 'opened'
        else if (!/\s/.test(character)) {
          this.place = 'text'
          this.inList = false
          if (character !== ']') return character
        }
        return ''
    }
  }

  private readText(): string {
    const { markers, bare } = this.options.form
    const blanks = this.blanks()
    const rest = this.held.slice(blanks)
    if (rest === '') return ''
    if (rest === this.close) {
      this.close = undefined
      this.held = ''
      return ''
    }
    const marker = markers.find(({ open }) => open === rest)
    if (marker) {
      this.place = 'opened'
      this.close = marker.close
      return ''
    }
    const possible = [this.close ?? '', ...markers.map(({ open }) => open)]
    if (possible.some((marker) => marker.startsWith(rest))) return ''
    const lineStart = this.first || this.afterCall || this.held.slice(0, blanks).includes('\n')
    if (!/^[{[]/.test(rest) || (this.close === undefined && !(bare && lineStart))) return this.giveUp()
    this.place = 'opened'
    this.held = this.held.slice(0, blanks)
    return rest
  }

  private readOpened(character: string): string {
    if (character === '[' && !this.inList) {
      this.inList = true
    } else if (character === '{') {
      this.place = 'call'
      this.reader = new CallReader(this.options.names, {
        start: (name) => this.events.push({ type: 'call-start', index: this.calls++, id: callId(), name }),
        arguments: (delta) => this.add({ type: 'call-arguments', index: this.calls - 1, delta }),
      })
      return this.readCall(character)
    } else if (!/\s/.test(character)) {
      return this.giveUp()
    }
    return ''
  }

  private readCall(character: string): string {
    const reader = this.reader!
    const state = reader.push(character)
    if (state === 'broken' && !reader.started) return this.giveUp()
    // From here on it is a call.
    if (reader.started) this.held = ''
    if (state === 'more') return ''
    this.endCall()
    if (state === 'done') return ''
    // The rest of what was to be a call is text.
    this.inList = false
    this.place = 'text'
    return character
  }

  private endCall(): void {
    this.events.push({ type: 'call-end', index: this.calls - 1 })
    this.reader = undefined
    this.held = ''
    this.afterCall = true
    this.done = !this.options.parallel
    this.place = this.inList ? 'listed' : 'text'
  }

  /** It is no call: tells the first character of it. @returns The others, which may begin one. */
  private giveUp(): string {
    const told = this.blanks() + 1
    const rest = this.held.slice(told)
    this.say(this.held.slice(0, told))
    this.held = ''
    this.place = 'text'
    this.afterCall = false
    this.inList = false
    this.close = undefined
    this.reader = undefined
    return rest
  }

  /** How many characters of `held` are only kept as long as something may follow. Some models part calls by commas. */
  private blanks(): number {
    return (this.afterCall ? /^[\s,;]*/ : /^\s*/).exec(this.held)![0].length
  }

  private say(text: string): void {
    if (text === '') return
    this.first = false
    this.add({ type: 'text', text })
  }

  /** What follows an event of its kind is joined to it. */
  private add(event: ToolCallEvent & { type: 'text' | 'call-arguments' }): void {
    const last = this.events.at(-1)
    if (event.type === 'text' && last?.type === 'text') {
      this.events[this.events.length - 1] = { ...event, text: last.text + event.text }
    } else if (event.type === 'call-arguments' && last?.type === 'call-arguments') {
      this.events[this.events.length - 1] = { ...event, delta: last.delta + event.delta }
    } else {
      this.events.push(event)
    }
  }

  private taken(): ToolCallEvent[] {
    const { events } = this
    this.events = []
    return events
  }
}

/** For answers without tools. */
export class PlainParser implements ToolCallParser {
  readonly done = false
  readonly calls = 0

  push(text: string): ToolCallEvent[] {
    return text === '' ? [] : [{ type: 'text', text }]
  }

  end(): ToolCallEvent[] {
    return []
  }
}

function callId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return `call_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
