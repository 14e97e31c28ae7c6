import type { LanguageModel, Sequence } from '@foretoken/core'

/** What went through the forward passes of a model. */
export interface ForwardTotals {
  forwards: number
  tokens: number
  /** Milliseconds inside `forward`. */
  ms: number
}

/** A model, with a clock around its forward passes. */
export interface TimedModel extends LanguageModel {
  /** Live. Copy it, and take differences with {@link since}. */
  readonly totals: ForwardTotals
}

/** Wraps `model` so that the time inside its forward passes can be told from the time around them. */
export function timed(model: LanguageModel): TimedModel {
  const totals: ForwardTotals = { forwards: 0, tokens: 0, ms: 0 }
  return {
    totals,
    description: model.description,
    vocabSize: model.vocabSize,
    contextLength: model.contextLength,
    tokenizer: model.tokenizer,
    capabilities: model.capabilities,
    ...(model.passCurve && { passCurve: model.passCurve }),
    ...(model.constrain && { constrain: (format) => model.constrain!(format) }),
    createSequence: async () => timedSequence(await model.createSequence(), totals),
    dispose: () => model.dispose(),
  }
}

/** What was added to `totals` since `before` was copied from it. */
export function since(before: ForwardTotals, totals: ForwardTotals): ForwardTotals {
  return {
    forwards: totals.forwards - before.forwards,
    tokens: totals.tokens - before.tokens,
    ms: totals.ms - before.ms,
  }
}

function timedSequence(sequence: Sequence, totals: ForwardTotals): Sequence {
  return {
    get tokens() {
      return sequence.tokens
    },
    get length() {
      return sequence.length
    },
    async forward(tokens, options) {
      const started = performance.now()
      try {
        return await sequence.forward(tokens, options)
      } finally {
        totals.ms += performance.now() - started
        totals.forwards++
        totals.tokens += tokens.length
      }
    },
    truncate: (length) => sequence.truncate(length),
    ...(sequence.fork && { fork: async () => timedSequence(await sequence.fork!(), totals) }),
    dispose: () => sequence.dispose(),
  }
}
