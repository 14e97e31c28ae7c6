import type { LanguageModel, Sequence, TokenId } from '../model.js'
import { expect, expectError, type Case } from './case.js'

export interface ModelConformanceOptions {
  /**
   * How far a logit may be off when the same tokens were run in passes of other widths. Kernels round differently by
   * width; 0 for a model that does not. Default 0.05.
   */
  readonly tolerance?: number
  /** Cases to leave out, each with its reason. One that would pass is reported: its skip is stale. */
  readonly skip?: Readonly<Record<string, string>>
}

/**
 * What every backend's model must do. The suite opens a fresh model for each case, and disposes it.
 *
 * @param open A model with a context of at least 64 tokens and a vocabulary of at least 4, with room for three sequences
 * if it can hold that many.
 */
export function modelConformance(open: () => Promise<LanguageModel>, options: ModelConformanceOptions = {}): Case[] {
  const { tolerance = 0.05, skip = {} } = options
  const unknown = Object.keys(skip).find((name) => !(name in cases))
  if (unknown !== undefined) throw new Error(`There is no case '${unknown}' to skip.`)

  return Object.entries(cases).map(([name, check]) => ({
    name: name in skip ? `${name} (skipped: ${skip[name]})` : name,
    async run() {
      const attempt = async (): Promise<void> => {
        const model = await open()
        try {
          await check(model, tolerance)
        } finally {
          await model.dispose()
        }
      }
      if (!(name in skip)) return attempt()
      const passed = await attempt().then(
        () => true,
        () => false,
      )
      expect(!passed, () => `'${name}' passes: take it off the skip list`)
    },
  }))
}

const cases: Record<string, (model: LanguageModel, tolerance: number) => Promise<void>> = {
  async 'tells what it is'(model) {
    expect(model.description.length > 0, () => 'no description')
    expect(model.vocabSize === model.tokenizer.vocabSize, () => 'the tokenizer has another vocabulary than the model')
    expect(model.contextLength >= 64, () => `a context of ${model.contextLength}`)
    expect(model.capabilities.maxSequences >= 1, () => 'no sequence can be opened')
    expect(model.tokenizer.fingerprint.length > 0, () => 'the tokenizer has no fingerprint')
  },

  async 'the tokenizer gives back what it was given'({ tokenizer, vocabSize }) {
    for (const text of ['abcab', 'a', '']) {
      const tokens = tokenizer.encode(text)
      expect(
        tokens.every((token) => token >= 0 && token < vocabSize),
        () => `'${text}' has tokens outside the vocabulary`,
      )
      expect(tokenizer.decode(tokens) === text, () => `'${text}' came back as '${tokenizer.decode(tokens)}'`)
    }
  },

  async 'gives the rows that were asked for'(model) {
    const sequence = await model.createSequence()
    const input = sample(model, 5)
    for (const [outputs, count] of [
      ['all', 5],
      ['last', 1],
      ['none', 0],
      [3, 3],
      [undefined, 1],
    ] as const) {
      await sequence.truncate(0)
      const rows = await sequence.forward(input, outputs === undefined ? {} : { outputs })
      expect(rows.count === count, () => `outputs ${outputs}: ${rows.count} rows, not ${count}`)
      for (let i = 0; i < count; i++) {
        const row = rows.row(i)
        expect(row.length === model.vocabSize, () => `a row of ${row.length} logits`)
        const best = row.reduce((top, logit, token) => (logit > row[top]! ? token : top), 0)
        expect(rows.argmax(i) === best, () => `argmax ${rows.argmax(i)}, but the row's largest is ${best}`)
      }
    }
    expect(String(sequence.tokens) === String(input) && sequence.length === 5, () => 'the sequence lost count')
  },

  async 'many tokens at once equal one at a time'(model, tolerance) {
    const input = sample(model, 12)
    const first = await model.createSequence()
    const together = await logits(first, input)
    const sequence = await fresh(model, first)
    for (let i = 0; i < input.length; i++) {
      compare(await logits(sequence, [input[i]!]), [together[i]!], tolerance, `token ${i}`)
    }
  },

  async 'rollback equals a straight run'(model, tolerance) {
    const input = sample(model, 16)
    const other = sample(model, 16, 7)
    const first = await model.createSequence()
    const straight = await logits(first, input)
    const sequence = await fresh(model, first)
    await sequence.forward(input.slice(0, 8), { outputs: 'none' })
    for (const depth of [1, 3, 8]) {
      await sequence.forward(other.slice(0, 5), { outputs: 'all' })
      await sequence.truncate(8 - depth)
      expect(sequence.length === 8 - depth, () => `${sequence.length} tokens after a rollback to ${8 - depth}`)
      await sequence.forward(input.slice(8 - depth, 8), { outputs: 'none' })
    }
    compare(await logits(sequence, input.slice(8)), straight.slice(8), tolerance, 'after rollback')
    await sequence.truncate(sequence.length)
    await sequence.truncate(0)
    compare(await logits(sequence, input), straight, tolerance, 'from nothing')
  },

  async 'a fork goes its own way'(model, tolerance) {
    const sequence = await model.createSequence()
    if (!model.capabilities.fork || model.capabilities.maxSequences < 2) return
    const input = sample(model, 10)
    const other = sample(model, 10, 3)
    await sequence.forward(input.slice(0, 6), { outputs: 'none' })
    const fork = await sequence.fork!()
    expect(String(fork.tokens) === String(sequence.tokens), () => 'the fork holds other tokens')
    const branch = await logits(fork, other.slice(6))
    const trunk = await logits(sequence, input.slice(6))
    await fork.dispose()
    await sequence.truncate(0)
    compare(trunk, (await logits(sequence, input)).slice(6), tolerance, 'the trunk')
    await sequence.truncate(0)
    const straight = await logits(sequence, [...input.slice(0, 6), ...other.slice(6)])
    compare(branch, straight.slice(6), tolerance, 'the branch')
  },

  async 'sequences that run together do not see each other'(model, tolerance) {
    const count = Math.min(3, model.capabilities.maxSequences)
    const inputs = [5, 1, 3].slice(0, count).map((length, i) => sample(model, 8 + length, i))
    const alone: Float32Array[][] = []
    const first = await model.createSequence()
    for (const input of inputs) {
      await first.truncate(0)
      alone.push(await logits(first, input))
    }
    await first.dispose()

    const sequences = await Promise.all(inputs.map(() => model.createSequence()))
    await Promise.all(sequences.map((sequence, i) => sequence.forward(inputs[i]!.slice(0, 8), { outputs: 'none' })))
    const together = await Promise.all(sequences.map((sequence, i) => logits(sequence, inputs[i]!.slice(8))))
    together.forEach((rows, i) => compare(rows, alone[i]!.slice(8), tolerance, `sequence ${i}`))
  },

  async 'one sequence runs one pass at a time'(model) {
    const sequence = await model.createSequence()
    const first = sequence.forward(sample(model, 4))
    await expectError('invalid-argument', () => sequence.forward(sample(model, 2)))
    await first
    expect(sequence.length === 4, () => `${sequence.length} tokens held, not 4`)
  },

  async 'an abort leaves the sequence usable'(model, tolerance) {
    const sequence = await model.createSequence()
    const input = sample(model, 24)
    const reason = new Error('enough')
    const caught = async (signal: AbortSignal): Promise<unknown> =>
      sequence.forward(input, { outputs: 'none', signal }).then(
        () => undefined,
        (error: unknown) => error,
      )
    expect((await caught(AbortSignal.abort(reason))) === reason, () => "an aborted signal's reason did not come back")
    const controller = new AbortController()
    const running = caught(controller.signal)
    controller.abort(reason)
    const outcome = await running
    expect(outcome === reason || outcome === undefined, () => `it rejected with ${String(outcome)}`)
    const held = sequence.length
    expect(String(sequence.tokens) === String(input.slice(0, held)), () => 'it holds something else than a prefix')
    if (held === input.length) await sequence.truncate(held - 1)
    const rest = await logits(sequence, input.slice(sequence.length))
    const straight = await logits(await fresh(model, sequence), input)
    compare(rest, straight.slice(straight.length - rest.length), tolerance, 'after the abort')
  },

  async 'refuses what does not fit'(model) {
    const sequence = await model.createSequence()
    await sequence.forward(sample(model, 4), { outputs: 'none' })
    await expectError('context-overflow', () => sequence.forward(sample(model, model.contextLength - 3)))
    expect(sequence.length === 4, () => `after the refusal it holds ${sequence.length} tokens, not 4`)
    await sequence.forward(sample(model, model.contextLength - 4), { outputs: 'none' })
    await expectError('context-overflow', () => sequence.forward([0]))
  },

  async 'refuses what makes no sense'(model) {
    const sequence = await model.createSequence()
    await sequence.forward(sample(model, 3))
    for (const token of [-1, model.vocabSize, 0.5, NaN]) {
      await expectError('invalid-argument', () => sequence.forward([token]))
    }
    await expectError('invalid-argument', () => sequence.forward([]))
    for (const length of [-1, 4, 0.5, NaN]) await expectError('invalid-argument', () => sequence.truncate(length))
    expect(sequence.length === 3, () => `${sequence.length} tokens held, not 3`)
  },

  async 'old rows cannot be mistaken for new ones'(model) {
    const sequence = await model.createSequence()
    const rows = await sequence.forward(sample(model, 2))
    await expectError('invalid-argument', () => rows.row(1))
    await sequence.forward(sample(model, 1))
    await expectError('stale-logits', () => rows.row(0))
    await expectError('stale-logits', () => rows.argmax(0))
  },

  async 'opens as many sequences as it says'(model) {
    const sequences: Sequence[] = []
    while (sequences.length < model.capabilities.maxSequences) sequences.push(await model.createSequence())
    await expectError('unsupported', () => model.createSequence())
    await sequences[0]!.dispose()
    const again = await model.createSequence()
    expect(again.length === 0, () => 'a new sequence is not empty')
    await again.forward(sample(model, 2))
  },

  async 'can be disposed, twice, and then refuses'(model) {
    const sequence = await model.createSequence()
    await sequence.forward(sample(model, 2))
    await sequence.dispose()
    await sequence.dispose()
    await expectError('disposed', () => sequence.forward(sample(model, 1)))
    await expectError('disposed', () => sequence.truncate(0))
    const other = await model.createSequence()
    const running = other.forward(sample(model, 8)).catch(() => undefined)
    await model.dispose()
    await model.dispose()
    await running
    await expectError('disposed', () => other.forward(sample(model, 1)))
    await expectError('disposed', () => model.createSequence())
    await other.dispose()
  },
}

/** Tokens that are not all alike, the same at each call. */
function sample(model: LanguageModel, count: number, salt = 0): TokenId[] {
  return Array.from({ length: count }, (_, i) => ((i + 1) * 7919 + salt * 104_729 + i * i * 31) % model.vocabSize)
}

/** Copies of all rows of a pass. */
async function logits(sequence: Sequence, tokens: readonly TokenId[]): Promise<Float32Array[]> {
  const rows = await sequence.forward(tokens, { outputs: 'all' })
  return Array.from({ length: rows.count }, (_, i) => rows.row(i).slice())
}

/** An empty sequence beside `instead`, or in its place when the model holds no more than one. */
async function fresh(model: LanguageModel, instead: Sequence): Promise<Sequence> {
  if (model.capabilities.maxSequences > 1) return model.createSequence()
  await instead.dispose()
  return model.createSequence()
}

function compare(seen: Float32Array[], wanted: Float32Array[], tolerance: number, where: string): void {
  expect(seen.length === wanted.length, () => `${where}: ${seen.length} rows, not ${wanted.length}`)
  seen.forEach((row, i) => {
    row.forEach((logit, token) => {
      const other = wanted[i]![token]!
      // Equal infinities differ by NaN.
      const off = logit === other ? 0 : Math.abs(logit - other)
      expect(off <= tolerance, () => `${where}, row ${i}: logit ${token} is ${logit}, not ${other}`)
    })
  })
}
