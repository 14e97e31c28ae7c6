import type { FinishReason, Tokenizer } from '@foretoken/core'
import type { Choice } from '../choice.js'
import { completionLogprobs } from '../logprobs.js'
import type { PieceToken } from '../pieces.js'

interface Init {
  readonly index: number
  readonly tokenizer: Tokenizer
  /** What stands before the text: the prompt, where it is to be echoed. */
  readonly before: string
  readonly logprobs: boolean
}

/** A choice in the shapes of completions. */
export class CompletionChoice implements Choice {
  readonly done = false
  private text: string
  private readonly tokens: PieceToken[] = []
  /** Of the next token, in the text of the tokens. */
  private offset = 0

  constructor(private readonly init: Init) {
    this.text = init.before
  }

  opening(): object | undefined {
    return this.init.before === '' ? undefined : this.entry(this.init.before)
  }

  push(tokens: readonly PieceToken[], rest = ''): object[] {
    const text = tokens.map((token) => token.text).join('') + rest
    this.text += text
    this.tokens.push(...tokens)
    if (!this.init.logprobs || tokens.length === 0) return text === '' ? [] : [this.entry(text)]
    const told = completionLogprobs(tokens, this.init.tokenizer, this.offset)
    this.offset += told.tokens.join('').length
    return [this.entry(text, told)]
  }

  empty(): object {
    return this.entry('')
  }

  ending(reason: FinishReason | undefined): object {
    return this.entry('', null, reason)
  }

  whole(reason: FinishReason | undefined): object {
    const { logprobs, tokenizer } = this.init
    return this.entry(this.text, logprobs ? completionLogprobs(this.tokens, tokenizer, 0) : null, reason)
  }

  private entry(text: string, logprobs: object | null = null, reason?: FinishReason): object {
    const finish_reason = reason === undefined ? null : reason === 'length' ? 'length' : 'stop'
    return { index: this.init.index, text, logprobs, finish_reason }
  }
}
