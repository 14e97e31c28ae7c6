import type { FinishReason, Tokenizer } from '@foretoken/core'
import type { ToolCallEvent, ToolCallParser } from '@foretoken/core/chat'
import { deltaOf, finishReasonOf, messageOf } from '../../tools/index.js'
import type { Choice } from '../choice.js'
import { chatLogprobs } from '../logprobs.js'
import type { PieceToken } from '../pieces.js'

interface Init {
  readonly index: number
  readonly parser: ToolCallParser
  readonly logprobs: boolean
  readonly tokenizer: Tokenizer
}

/** A choice in the shapes of chat completions. */
export class ChatChoice implements Choice {
  private readonly events: ToolCallEvent[] = []
  private readonly tokens: PieceToken[] = []

  constructor(private readonly init: Init) {}

  get done(): boolean {
    return this.init.parser.done
  }

  opening(): object {
    return this.entry({ role: 'assistant', content: '', refusal: null })
  }

  push(tokens: readonly PieceToken[], rest?: string): object[] {
    const { parser } = this.init
    const said = tokens.flatMap(({ text, token }) => parser.push(text, token))
    if (rest !== undefined) said.push(...parser.push(rest), ...parser.end())
    const events = joined(said)
    this.events.push(...events)
    this.tokens.push(...tokens)
    const deltas: object[] = events.flatMap((event) => deltaOf(event) ?? [])
    if (!this.init.logprobs || tokens.length === 0) return deltas.map((delta) => this.entry(delta))
    const [first = { content: '' }, ...others] = deltas
    return [this.entry(first, this.logprobsOf(tokens)), ...others.map((delta) => this.entry(delta))]
  }

  empty(): object {
    return this.entry({ content: '' })
  }

  ending(reason: FinishReason | undefined): object {
    return this.entry({}, null, finishReasonOf(this.init.parser, reason))
  }

  whole(reason: FinishReason | undefined): object {
    const { index, parser, logprobs } = this.init
    return {
      index,
      message: messageOf(this.events),
      logprobs: logprobs ? this.logprobsOf(this.tokens) : null,
      finish_reason: finishReasonOf(parser, reason),
    }
  }

  private entry(delta: object, logprobs: object | null = null, reason: string | null = null): object {
    return { index: this.init.index, delta, logprobs, finish_reason: reason }
  }

  private logprobsOf(tokens: readonly PieceToken[]): object {
    return chatLogprobs(tokens, this.init.tokenizer)
  }
}

/** Neighbours of a kind as one. */
function joined(events: readonly ToolCallEvent[]): ToolCallEvent[] {
  const all: ToolCallEvent[] = []
  for (const event of events) {
    const last = all.at(-1)
    if (event.type === 'text' && last?.type === 'text') {
      all[all.length - 1] = { ...last, text: last.text + event.text }
    } else if (event.type === 'call-arguments' && last?.type === 'call-arguments') {
      all[all.length - 1] = { ...last, delta: last.delta + event.delta }
    } else {
      all.push(event)
    }
  }
  return all
}
