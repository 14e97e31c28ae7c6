import { expect, it } from 'vitest'
import { generate } from '../generate.js'
import { randomTable, ToyModel } from '../testing/index.js'
import { draftModel } from './draft-model.js'
import { whereThereIsRoom } from './where-there-is-room.js'

const next = randomTable({ seed: 1, vocabSize: 4 })

it('decodes plainly what a draft model has no sequence for', async () => {
  const model = new ToyModel({ next })
  const draft = new ToyModel({ next, maxSequences: 1 })
  const taken = await draft.createSequence()
  const plain = draftModel({ model: draft })
  const ask = (strategy = plain) => generate({ model, prompt: [1], maxTokens: 20, strategy }).result()
  await expect(ask()).rejects.toMatchObject({ code: 'unsupported' })
  const alone = await ask(whereThereIsRoom(plain))
  expect(alone.stats.drafted).toBe(0)
  await taken.dispose()
  expect((await ask(whereThereIsRoom(plain))).tokens).toEqual(alone.tokens)
})

it('does not take a draft model of another vocabulary for one without room', async () => {
  const draft = new ToyModel({ vocabSize: 5, next: randomTable({ seed: 1, vocabSize: 5 }) })
  const strategy = whereThereIsRoom(draftModel({ model: draft }))
  const made = generate({ model: new ToyModel({ next }), prompt: [1], strategy }).result()
  await expect(made).rejects.toMatchObject({ code: 'vocabulary-mismatch' })
})
