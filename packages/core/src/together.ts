import type { LanguageModel, LogitsRows, Outputs, Sequence, TokenId } from './model.js'

/** A sequence of a model that {@link together} wraps. */
export interface SequenceInCompany extends Sequence {
  /** Nobody needs to wait for it until it comes again: the text is over, or its reader takes a rest. */
  leave(): void
  fork?(): Promise<SequenceInCompany>
}

export interface ModelInCompany extends LanguageModel {
  createSequence(): Promise<SequenceInCompany>
}

/**
 * The same model, in whose passes generations that are under way at once meet: who comes first waits for those that are
 * still drafting, and all go through one pass. Left to themselves they take turns, each pass for one of them, while the
 * weights are read anew for each.
 *
 * Nobody waits for longer than a pass usually takes. A generation alone waits for nobody; the reading of prompts neither
 * waits nor is waited for.
 */
export function together(model: LanguageModel): ModelInCompany {
  const meeting = new Meeting()
  const { description, vocabSize, contextLength, tokenizer, capabilities, passCurve } = model
  return {
    description,
    vocabSize,
    contextLength,
    tokenizer,
    capabilities,
    ...(passCurve && { passCurve }),
    ...(model.constrain && { constrain: (format) => model.constrain!(format) }),
    createSequence: async () => inCompany(await model.createSequence(), meeting),
    dispose: () => model.dispose(),
  }
}

/** How fast the usual length of a pass follows the last one. */
const rate = 0.2

/** Who is expected at the next pass, and who waits for it. Anything that can be told apart is a member. */
export class Meeting {
  private readonly expected = new Set<object>()
  private waiting: (() => void)[] = []
  private timer: ReturnType<typeof setTimeout> | undefined
  /** Milliseconds of a pass. */
  private usual = 0

  /** Resolves when all who are expected are here, or have kept the others waiting for too long. */
  arrive(member: object): Promise<void> | undefined {
    this.expected.delete(member)
    if (this.expected.size === 0) {
      this.start()
      return undefined
    }
    return new Promise((resolve) => {
      this.waiting.push(resolve)
      // Who is late is waited for again when it has come: a slow reader costs the others one wait, not one in each round.
      this.timer ??= setTimeout(() => {
        this.expected.clear()
        this.start()
      }, this.usual)
    })
  }

  /** `member` has its rows, and will be back for more. */
  expect(member: object, passMs: number | undefined): void {
    if (passMs !== undefined) this.usual += rate * (passMs - this.usual)
    this.expected.add(member)
  }

  leave(member: object): void {
    if (this.expected.delete(member) && this.expected.size === 0) this.start()
  }

  private start(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const { waiting } = this
    this.waiting = []
    for (const go of waiting) go()
  }
}

function inCompany(sequence: Sequence, meeting: Meeting): SequenceInCompany {
  const member = {}
  return {
    get tokens() {
      return sequence.tokens
    },
    get length() {
      return sequence.length
    },
    async forward(
      tokens: readonly TokenId[],
      options: { outputs?: Outputs; signal?: AbortSignal | undefined } = {},
    ): Promise<LogitsRows> {
      if (options.outputs === 'none') {
        meeting.leave(member)
        return sequence.forward(tokens, options)
      }
      await meeting.arrive(member)
      const rows = await sequence.forward(tokens, options)
      meeting.expect(member, rows.pass?.ms)
      return rows
    },
    truncate: (length) => sequence.truncate(length),
    ...(sequence.fork && { fork: async () => inCompany(await sequence.fork!(), meeting) }),
    leave: () => meeting.leave(member),
    dispose() {
      meeting.leave(member)
      return sequence.dispose()
    },
  }
}
