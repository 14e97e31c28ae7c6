import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createChance, createSampler, Distribution } from '@foretoken/core'
import { ToyModel } from '@foretoken/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseConfiguration } from '../bench/configuration.js'
import { fileStore, readDocuments } from './files.js'
import { loadPlugin } from './plugin.js'
import { chooseStrategy } from './resolve.js'

// Far from any node_modules: a plugin must find our core all the same.
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-plugin-'))
})
afterAll(() => rm(folder, { recursive: true }))

let files = 0
const pluginOf = async (source: string, extension = 'ts'): Promise<string> => {
  const file = join(folder, `plugin-${++files}.${extension}`)
  await writeFile(file, source)
  return file
}

describe('loadPlugin', () => {
  test('a strategy, in TypeScript, with our own core', async () => {
    const file = await pluginOf(`
      import { Distribution, type DraftStrategy } from '@foretoken/core'
      const strategy: DraftStrategy & { point: unknown } = { name: 'mine', open: () => ({ propose: () => ({ tokens: [] }) }), point: Distribution.point(1) }
      export default strategy
    `)
    const strategy = await loadPlugin(file)
    expect(strategy.name).toBe('mine')
    expect((strategy as unknown as { point: unknown }).point).toBeInstanceOf(Distribution)
  })

  test('a function that returns one, even later, in JavaScript', async () => {
    const source = "export default async () => ({ name: 'made', open: () => ({ propose: () => ({ tokens: [] }) }) })"
    expect((await loadPlugin(await pluginOf(source, 'mjs'))).name).toBe('made')
    expect((await loadPlugin(await pluginOf(source, 'js'))).name).toBe('made')
  })

  test('finds its neighbours', async () => {
    await writeFile(join(folder, 'neighbour.ts'), "export const name: string = 'helped'")
    const file = await pluginOf(
      "import { name } from './neighbour.js'\nexport default { name, open: () => ({ propose: () => ({ tokens: [] }) }) }",
    )
    expect((await loadPlugin(file)).name).toBe('helped')
  })

  test.each([
    ['no default export', 'export const a = 1', /no default export/],
    ['something else', 'export default { name: 1 }', /no name and open/],
    ['null', 'export default null', /no name and open/],
    ['a function that returns nothing', 'export default () => {}', /no default export|no name/],
    ['bad syntax', 'export default {', /cannot be used/],
    ['an error while it runs', "throw new Error('boom')", /boom/],
    ['an import that is not there', "import 'not-to-be-found'\nexport default {}", /not-to-be-found/],
  ])('refuses %s', async (_, source, message) => {
    const error: Error = await loadPlugin(await pluginOf(source)).then(
      () => expect.unreachable(),
      (thrown: Error) => thrown,
    )
    expect(error).toMatchObject({ code: 'strategy' })
    expect(error.message).toMatch(message)
  })

  test('refuses a file that is not there', async () => {
    await expect(loadPlugin(join(folder, 'none.ts'))).rejects.toMatchObject({ code: 'strategy' })
  })
})

describe('chooseStrategy', () => {
  const draft = new ToyModel({ next: () => [1, 0, 0, 0] })

  test('by name', async () => {
    expect((await chooseStrategy('none', { hasDraft: true })).create()).toBeUndefined()
    expect((await chooseStrategy('prompt-lookup', { hasDraft: false })).create()?.name).toBe('prompt-lookup')
    const chosen = await chooseStrategy('draft-model', { hasDraft: true })
    expect(chosen.needsDraft).toBe(true)
    expect(chosen.create(draft)?.name).toBe('draft-model')
  })

  test('by what there is', async () => {
    const both = await chooseStrategy(undefined, { hasDraft: true })
    expect(both).toMatchObject({ name: 'auto', needsDraft: true })
    const alone = await chooseStrategy(undefined, { hasDraft: false })
    expect(alone).toMatchObject({ name: 'auto', needsDraft: false })
    expect(alone.create()?.name).toBe('suffix')
  })

  test('as rivals, of which the others are parts', async () => {
    const chosen = await chooseStrategy('prompt-lookup>recycling | suffix', { hasDraft: false })
    expect(chosen.create()?.name).toBe('router(prompt-lookup > recycling, suffix)')
  })

  test('by path', async () => {
    const file = await pluginOf("export default { name: 'mine', open: () => ({ propose: () => ({ tokens: [] }) }) }")
    expect((await chooseStrategy(file, { hasDraft: false })).create()?.name).toBe('mine')
  })

  test('refuses what it cannot be', async () => {
    await expect(chooseStrategy('draft-model', { hasDraft: false })).rejects.toThrow(/--draft/)
    await expect(chooseStrategy('magic', { hasDraft: true })).rejects.toThrow(/prompt-lookup/)
    await expect(chooseStrategy('./magic.ts', { hasDraft: true })).rejects.toMatchObject({ code: 'strategy' })
  })

  test('those that need no model', async () => {
    const created = async (name: string) => (await chooseStrategy(name, { hasDraft: false })).create()?.name
    const file = join(folder, 'expected.txt')
    await writeFile(file, 'abc')
    expect(await created('suffix')).toBe('suffix')
    expect(await created('recycling')).toBe('recycling')
    expect(await created('forced')).toBe('forced')
    expect(await created(`prediction:${file}`)).toBe('prediction')
    expect(await created(`corpus:${file}`)).toBe('corpus')
  })

  test('several, the closer ones first', async () => {
    const chosen = await chooseStrategy('suffix > prompt-lookup+recycling+draft-model', { hasDraft: true })
    expect(chosen).toMatchObject({ name: 'suffix > prompt-lookup+recycling+draft-model', needsDraft: true })
    expect(chosen.create(draft)?.name).toBe('suffix > prompt-lookup + recycling + draft-model')
    expect((await chooseStrategy('suffix>recycling', { hasDraft: false })).needsDraft).toBe(false)
  })

  test('a plugin with an operator in its path', async () => {
    await mkdir(join(folder, 'a+b'), { recursive: true })
    const file = join(folder, 'a+b', 'plugin.mjs')
    await writeFile(file, "export default { name: 'mine', open: () => ({ propose: () => ({ tokens: [] }) }) }")
    expect((await chooseStrategy(file, { hasDraft: false })).create()?.name).toBe('mine')
  })

  test.each([
    ['suffix>', /nothing/],
    ['suffix+none', /none in one place/],
    ['suffix+magic', /no strategy magic/],
    ['suffix+draft-model', /--draft/],
    ['prediction', /prediction:<file>/],
    ['prediction:', /no file/],
    ['corpus:/nowhere/at/all', /cannot be read: ENOENT/],
    ['prediction:/nowhere/at/all', /cannot be read: ENOENT/],
    ['suffix:/nowhere/at/all', /cannot be written: ENOENT/],
    ['suffix:/', /folder/],
  ])('refuses %s', async (name, message) => {
    await expect(chooseStrategy(name, { hasDraft: false })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(message),
    })
  })
})

describe('suffix:<file>', () => {
  const target = new ToyModel({ vocabSize: 10, next: () => Array<number>(10).fill(0.1) })
  const request = { chance: createChance(1), goOn: () => true, wantsConfidence: false, maxTokens: 4 }
  const drafter = async (name: string) => {
    const strategy = (await chooseStrategy(name, { hasDraft: false })).create()!
    return strategy.open({ target, sampler: createSampler() })
  }

  test('remembers from one program to the next, and leaves nothing else behind', async () => {
    const here = join(folder, 'memory')
    await mkdir(here)
    const name = `suffix:${join(here, 'said.bin')}`
    const first = await drafter(name)
    await first.propose([0], request)
    await first.propose([0, 1, 2, 3, 4], request)
    await first.dispose!()
    expect(await readdir(here)).toEqual(['said.bin'])
    expect(await (await drafter(name)).propose([9, 1, 2], request)).toEqual({ tokens: [3, 4] })
  })

  test('is refused when it is another file, which stays as it is', async () => {
    const file = join(folder, 'letter.txt')
    await writeFile(file, 'Dear reader, this is no memory of anything.')
    await expect(drafter(`suffix:${file}`)).rejects.toMatchObject({ code: 'strategy' })
    expect(await readFile(file, 'utf8')).toContain('Dear reader')
  })

  test('leaves no half of a file behind when it cannot be written', async () => {
    const here = join(folder, 'torn')
    const file = join(here, 'said.bin')
    await mkdir(here)
    const store = await fileStore(file)
    await mkdir(file)
    await expect(store.write(Uint8Array.of(1))).rejects.toThrow('EISDIR')
    expect(await readdir(here)).toEqual(['said.bin'])
  })
})

test('a configuration of bench takes several', async () => {
  const { strategy, length } = parseConfiguration('both=prompt-lookup>suffix+recycling,length=8')
  expect(length?.gamma).toBe(8)
  expect((await chooseStrategy(strategy, { hasDraft: false })).create()?.name).toBe(
    'prompt-lookup > suffix + recycling',
  )
})

test('corpus:<folder> is its texts, in order, and neither what is hidden nor what is no text', async () => {
  const here = join(folder, 'corpus')
  await mkdir(join(here, 'node_modules'), { recursive: true })
  await mkdir(join(here, 'b'))
  const files = { 'c.txt': 'three', 'b/x.ts': 'two', 'a.md': 'one', '.hidden': 'no', 'node_modules/y.js': 'no' }
  for (const [name, text] of Object.entries(files)) await writeFile(join(here, name), text)
  await writeFile(join(here, 'binary'), Uint8Array.of(1, 0, 2))
  expect(await readDocuments(here)).toEqual(['one', 'two', 'three'])
  await writeFile(join(here, 'large'), new Uint8Array(17 * 2 ** 20))
  await expect(readDocuments(here)).rejects.toMatchObject({ message: expect.stringContaining('16 MiB') })
})
