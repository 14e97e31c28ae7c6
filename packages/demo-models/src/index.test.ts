import { readFile } from 'node:fs/promises'
import { readGguf } from '@foretoken/gguf'
import { describe, expect, it } from 'vitest'
import { geometryOf } from './inflate/geometry.js'
import { draft, draftShapes, promptKinds, prompts, shapes, target, tokenizer } from './index.js'
import { inflatedGeometry, shapeOf, type ShapeName } from './inflate/shapes.js'

describe('what comes with the package', () => {
  it('is a target and a draft of one vocabulary', async () => {
    const [large, small] = [await readGguf(target), await readGguf(draft)]
    for (const key of ['tokenizer.ggml.tokens', 'tokenizer.ggml.merges', 'tokenizer.ggml.pre']) {
      expect(small.metadata.get(key)).toEqual(large.metadata.get(key))
    }
    const { model } = JSON.parse(await readFile(tokenizer, 'utf8')) as { model: { vocab: Record<string, number> } }
    expect(geometryOf(large).vocabSize).toBeGreaterThanOrEqual(Object.keys(model.vocab).length)
  })

  it('fits into every shape', async () => {
    const [large, small] = [geometryOf(await readGguf(target)), geometryOf(await readGguf(draft))]
    for (const name of Object.keys(shapes) as ShapeName[]) {
      expect(() => inflatedGeometry(large, shapeOf(name), 'F16')).not.toThrow()
      expect(() => inflatedGeometry(small, shapeOf(draftShapes[name]), 'Q4_0')).not.toThrow()
    }
  })

  it.each(promptKinds)('has prompts of the kind %s', async (kind) => {
    const found = await prompts(kind)
    expect(found.length).toBeGreaterThanOrEqual(12)
    expect(new Set(found.map(({ id }) => id)).size).toBe(found.length)
    expect(found.every(({ text }) => text.length > 20)).toBe(true)
  })

  it('says what an edit starts from, long enough to copy for a while', async () => {
    for (const { text, prediction } of await prompts('edits')) {
      expect(text).toContain(prediction)
      expect(prediction!.length).toBeGreaterThan(300)
    }
    const copies = await prompts('copy')
    const known = copies.filter(({ prediction }) => prediction !== undefined)
    expect(known.length).toBeGreaterThan(copies.length / 2)
    for (const { text, prediction } of known) expect(text).toContain(prediction)
  })

  it('has no other prompts', async () => {
    await expect(prompts('poems' as 'prose')).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})
