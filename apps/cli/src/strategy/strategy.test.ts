import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Distribution } from '@foretoken/core'
import { ToyModel } from '@foretoken/core/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
    expect((await chooseStrategy(undefined, { hasDraft: true })).name).toBe('draft-model')
    expect((await chooseStrategy(undefined, { hasDraft: false })).name).toBe('prompt-lookup')
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
})
