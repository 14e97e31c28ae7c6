import { describe, expect, it } from 'vitest'
import { generate } from './generate.js'
import { fixedLength } from './length/fixed.js'
import type { LanguageModel, LogitsRows, Sequence } from './model.js'
import { draftModel } from './strategies/draft-model.js'
import { randomTable, ToyModel } from './testing/toy-model.js'
import { Meeting, together } from './together.js'

const vocabSize = 5
const toy = (seed: number) =>
  new ToyModel({ vocabSize, next: randomTable({ seed, vocabSize, order: 2 }), maxSequences: 8, contextLength: 512 })

/** Passes over one forward at a time, but for those that were asked for in one breath: as a busy backend's. */
function breathing(model: LanguageModel): { model: LanguageModel; passes: number[] } {
  const passes: number[] = []
  let breath: { count: number; over: Promise<void> } | undefined
  const wrap = (sequence: Sequence): Sequence => ({
    get tokens() {
      return sequence.tokens
    },
    get length() {
      return sequence.length
    },
    async forward(tokens, options): Promise<LogitsRows> {
      if (!breath) {
        const own = { count: 0, over: Promise.resolve() }
        own.over = Promise.resolve().then(() => {
          breath = undefined
          passes.push(own.count)
        })
        breath = own
      }
      const mine = breath
      mine.count++
      await mine.over
      const rows = await sequence.forward(tokens, options)
      return {
        count: rows.count,
        argmax: (i) => rows.argmax(i),
        row: (i) => rows.row(i),
        pass: { tokens: tokens.length, sequences: mine.count, ms: 50 },
      }
    },
    truncate: (length) => sequence.truncate(length),
    dispose: () => sequence.dispose(),
  })
  const { description, contextLength, tokenizer, capabilities } = model
  return {
    passes,
    model: {
      description,
      vocabSize,
      contextLength,
      tokenizer,
      capabilities,
      createSequence: async () => wrap(await model.createSequence()),
      dispose: () => model.dispose(),
    },
  }
}

describe('together', () => {
  it('lets generations meet in passes, and says what each says alone', async () => {
    const prompts = [[0], [1, 2], [2, 3, 4], [4, 1]]
    const say = async (model: LanguageModel, prompt: number[]) => {
      const strategy = draftModel({ model: toy(2) })
      const options = {
        model,
        prompt,
        strategy,
        length: fixedLength(prompt.length),
        maxTokens: 40,
        temperature: 1,
        seed: 7,
      }
      return (await generate(options).result()).tokens
    }
    const alone = []
    for (const prompt of prompts) alone.push(await say(toy(1), prompt))
    const { model, passes } = breathing(toy(1))
    const shared = together(model)
    expect(await Promise.all(prompts.map((prompt) => say(shared, prompt)))).toEqual(alone)
    const [tokens, used] = [4 * 40, passes.length]
    expect(used).toBeLessThan(tokens / 3)
    expect(passes.filter((count) => count > 1).length).toBeGreaterThan(used / 2)
  })

  it('keeps nobody waiting for one who has gone', async () => {
    const model = together(breathing(toy(1)).model)
    const [first, second] = [await model.createSequence(), await model.createSequence()]
    await Promise.all([first.forward([1]), second.forward([1])])
    const waiting = first.forward([2])
    await second.dispose()
    await waiting
    const third = await model.createSequence()
    await Promise.all([first.forward([1]), third.forward([1])])
    const again = first.forward([2])
    third.leave()
    await again
    expect(first.length).toBe(4)
  })
})

describe('Meeting', () => {
  const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]

  it('starts at once with one who is alone', () => {
    const meeting = new Meeting()
    expect(meeting.arrive(a)).toBeUndefined()
    meeting.expect(a, 10)
    expect(meeting.arrive(a)).toBeUndefined()
  })

  it('starts when the last of those who are expected has come', async () => {
    const meeting = new Meeting()
    for (const each of [a, b, c]) meeting.expect(each, 10_000)
    const started: string[] = []
    const come = async (each: typeof a) => {
      await meeting.arrive(each)
      started.push(each.name)
    }
    const early = [come(b), come(c)]
    await new Promise((resolve) => setImmediate(resolve))
    expect(started).toEqual([])
    await Promise.all([...early, come(a)])
    expect(started).toEqual(['b', 'c', 'a'])
  })

  it('waits no longer than a pass takes, and once for each who is late', async () => {
    const meeting = new Meeting()
    meeting.expect(a, 20)
    meeting.expect(b, 20)
    await meeting.arrive(a)
    meeting.expect(a, 20)
    expect(meeting.arrive(a)).toBeUndefined()
  })
})
