import { describe, expect, it } from 'vitest'
import { foretoken } from './foretoken.js'
import { sequencesOf } from './sequences.js'
import { ask, read, sayer } from './testing.js'

const usageOf = async (model: ReturnType<typeof foretoken>, text: string) => {
  const { usage } = await model.doGenerate(ask({ prompt: [{ role: 'user', content: [{ type: 'text', text }] }] }))
  return usage.inputTokens
}

describe("a model's sequences", () => {
  it('hold what a conversation has said before', async () => {
    const model = foretoken({ model: sayer('Yes.') })
    const first = await usageOf(model, 'Well?')
    expect(first).toMatchObject({ cacheRead: 0, noCache: first.total })
    const second = await usageOf(model, 'Well?')
    expect(second).toMatchObject({ cacheRead: first.total! - 1, noCache: 1 })
  })

  it('are begun anew where the model cannot go back', async () => {
    const model = foretoken({ model: sayer('Yes.', { rollback: 'none', maxSequences: 1 }) })
    expect(await usageOf(model, 'Well?')).toMatchObject({ cacheRead: 0 })
    expect(await usageOf(model, 'Well?')).toMatchObject({ cacheRead: 0 })
  })

  it.each([1, 2, 4])('are shared by more calls than there are: %i', async (maxSequences) => {
    const model = sayer('A somewhat longer answer.', { maxSequences })
    const [one, other] = [foretoken({ model }), foretoken({ model })]
    const answers = await Promise.all(
      Array.from({ length: 9 }, async (_, i) => {
        if (i % 3 === 0) return (await one.doGenerate(ask())).content
        const { stream } = await other.doStream(ask())
        const parts = await read(stream)
        return [{ type: 'text', text: parts.map((part) => (part.type === 'text-delta' ? part.delta : '')).join('') }]
      }),
    )
    for (const content of answers) expect(content).toEqual([{ type: 'text', text: 'A somewhat longer answer.' }])
  })

  it('are not waited for by who has given up', async () => {
    const sequences = sequencesOf(sayer('', { maxSequences: 1 }))
    const first = await sequences.take([1], undefined)
    const stop = new AbortController()
    const second = sequences.take([1], stop.signal)
    const third = sequences.take([1], undefined)
    stop.abort()
    await expect(second).rejects.toMatchObject({ name: 'AbortError' })
    await first.release(true)
    const { release } = await third
    await release(false)
    await (await sequences.take([1], undefined)).release(false)
  })

  it('are given back by calls that fail', async () => {
    const model = sayer('Yes.', { maxSequences: 1 })
    const taken = await model.createSequence()
    const provider = foretoken({ model })
    for (let i = 0; i < 3; i++) {
      await expect(provider.doGenerate(ask())).rejects.toMatchObject({ name: 'AI_UnsupportedFunctionalityError' })
    }
    await taken.dispose()
    expect((await provider.doGenerate(ask())).content).toEqual([{ type: 'text', text: 'Yes.' }])
  })
})
