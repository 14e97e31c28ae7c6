import { loadModel } from '@foretoken/backend-llama'
import { draftModel, fixedLength, type LanguageModel, type LogitsRows, type Sequence } from '@foretoken/core'
import * as demo from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { builtInPrompts } from '../models/prompts.js'
import { collect } from './collect.js'
import { verifyReport, type VerifyReport } from './report.js'

/*
 * Can the drift report be trusted? The demo target with faults put into its cache must be called a bug each time, and as
 * it is, never.
 */

const longest = 4
const full = process.env.FORETOKEN_FULL === '1'

let target: LanguageModel
let draft: LanguageModel
beforeAll(async () => {
  const load = { gpu: false, contextSize: 1024 } as const
  target = await loadModel({ path: demo.target, ...load })
  draft = await loadModel({ path: demo.draft, ...load })
})
afterAll(async () => {
  await draft.dispose()
  await target.dispose()
})

async function verify(model: LanguageModel, tokens: number): Promise<VerifyReport> {
  const evidence = await collect({
    model,
    way: { strategy: draftModel({ model: draft }), length: fixedLength(longest) },
    longest,
    prompts: await builtInPrompts(demo.promptKinds),
    tokens,
    signal: new AbortController().signal,
  })
  return verifyReport(evidence, { target: model.description, draft: undefined, longest, note: undefined })
}

describe('the demo pair', { timeout: full ? 600_000 : 120_000 }, () => {
  test('as it is: every token compared, roll-backs of every length, no bug', async () => {
    const tokens = full ? 10_000 : 300
    const report = await verify(target, tokens)
    expect(report.bugs).toEqual([])
    expect(report.tokens).toBe(tokens)
    for (const { compared, drift } of report.runs) {
      expect(compared).toBe(tokens)
      expect(drift.rows).toBeGreaterThan(tokens)
      // Roll-backs leave nothing behind: rows are off by what widths do to them, which may be nothing, and by no more.
      const { median } = report.rounding
      expect(Math.abs(drift.median - median)).toBeLessThanOrEqual(0.05 * median)
    }
    expect(Math.min(...report.runs[1]!.rollbacks)).toBeGreaterThan(0)
    expect(report.rounding.widths).toEqual(expect.arrayContaining([2, 3, 4, 5]))
    expect(report.rounding.largest).toBeLessThan(0.1)
    expect(report.offByOne).toBeGreaterThan(1)
  })

  test.each<[string, Fault]>([
    ['a roll-back keeps one token too many', off(1)],
    ['a roll-back keeps one token too few', off(-1)],
    ['only roll-backs of the longest draft keep one too many', off(1, (dropped) => dropped === longest)],
    ['after a roll-back, rows are shifted by one', shiftRows],
    ['a roll-back leaves what a refused token wrote', keepStale],
    ['only the first roll-back does', once(keepStale)],
  ])('%s: a bug, and no rounding excuses it', async (_, fault) => {
    const report = await verify(withFault(target, fault), 128)
    // In both runs, as it does not matter whose drafts are refused.
    for (const { name } of report.runs) {
      const bug = new RegExp(`^${name}: the logits of .* are off by more than`)
      expect(report.bugs).toEqual(expect.arrayContaining([expect.stringMatching(bug)]))
    }
    expect(report.rounding.largest).toBeLessThan(0.1)
  })

  test('rows of every pass over several tokens are shifted by one: no rounding is that large', async () => {
    const report = await verify(withFault(target, shiftWideRows), 80)
    expect(report.bugs[0]).toMatch(/^passes over several tokens .* without any roll-back: too much for rounding/)
  })
})

/** What goes wrong in a sequence. `held` is what it says that it holds. */
interface Fault {
  (
    inner: Sequence,
    held: number[],
  ): {
    rollBack?(length: number): Promise<void>
    rows?(rows: LogitsRows, tokens: number): LogitsRows
  }
}

/** Rolls the real cache back to `by` tokens beside what is asked for. */
function off(by: number, when: (dropped: number) => boolean = () => true): Fault {
  return (inner, held) => ({
    async rollBack(length) {
      const wrong = when(held.length - length) ? by : 0
      const wanted = inner.length - (held.length - length) + wrong
      await inner.truncate(Math.max(0, Math.min(inner.length, wanted)))
    },
  })
}

/** The last row that is kept is that of the token refused: as many rows as there should be, one of them another's. */
function keepStale(inner: Sequence, held: number[]): ReturnType<Fault> {
  return {
    async rollBack(length) {
      const refused = held[length]!
      await inner.truncate(Math.max(0, length - 1))
      if (length > 0) await inner.forward([refused], { outputs: 'none' })
    },
  }
}

function once(fault: Fault): Fault {
  return (inner, held) => {
    let done = false
    return {
      async rollBack(length) {
        await (done ? inner.truncate(length) : fault(inner, held).rollBack!(length))
        done = true
      },
    }
  }
}

function shiftRows(inner: Sequence): ReturnType<Fault> {
  let rolledBack = false
  return {
    async rollBack(length) {
      await inner.truncate(length)
      rolledBack = true
    },
    rows: (rows) => (rolledBack ? shifted(rows) : rows),
  }
}

function shiftWideRows(): ReturnType<Fault> {
  return { rows: (rows, tokens) => (tokens > 1 ? shifted(rows) : rows) }
}

function shifted(rows: LogitsRows): LogitsRows {
  const before = (row: number): number => Math.max(0, row - 1)
  return {
    count: rows.count,
    row: (row) => rows.row(before(row)),
    argmax: (row) => rows.argmax(before(row)),
  }
}

/** The same model, but its sequences have the fault, and report the tokens that they should hold. */
function withFault(model: LanguageModel, fault: Fault): LanguageModel {
  return {
    description: model.description,
    vocabSize: model.vocabSize,
    contextLength: model.contextLength,
    tokenizer: model.tokenizer,
    capabilities: model.capabilities,
    async createSequence() {
      const inner = await model.createSequence()
      const tokens: number[] = []
      const { rollBack, rows } = fault(inner, tokens)
      return {
        tokens,
        get length() {
          return tokens.length
        },
        async forward(more, options) {
          const seen = await inner.forward(more, options)
          tokens.push(...more)
          return rows ? rows(seen, more.length) : seen
        },
        async truncate(length) {
          if (length === tokens.length) return
          await (rollBack ? rollBack(length) : inner.truncate(length))
          tokens.length = length
        },
        dispose: () => inner.dispose(),
      }
    },
    dispose: async () => {},
  }
}
