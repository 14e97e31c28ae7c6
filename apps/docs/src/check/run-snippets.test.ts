import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { fixedLength, generate, promptLookup } from '../../../../packages/core/src/index.js'
import type { DraftStrategy, LanguageModel } from '../../../../packages/core/src/index.js'
import { modelConformance, strategyConformance } from '../../../../packages/core/src/testing/index.js'
import { root } from '../repository.js'
import { snippetsOf } from './snippets.js'

/*
 * The worked examples of the pages, as they stand there, put through the conformance suites.
 */

const folder = mkdtempSync(join(root, 'apps/docs/.snippets-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a page's block to a file that finds our packages, and imports it. */
async function load(page: string, name: string): Promise<Record<string, unknown>> {
  const snippet = snippetsOf(page).find((each) => each.name === name)!
  const core = join(root, 'packages/core/src')
  const text = snippet.text
    .replaceAll(/'@foretoken\/core\/(\w+)'/g, `'${core}/$1/index.js'`)
    .replaceAll("'@foretoken/core'", `'${core}/index.js'`)
  const file = join(folder, name)
  writeFileSync(file, text)
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>
}

describe('the backend of write-a-backend.md', () => {
  let CountingModel: new (text: string) => LanguageModel
  const open = async (): Promise<LanguageModel> => new CountingModel('abcabcabd')
  beforeAll(async () => {
    ;({ CountingModel } = (await load('docs/write-a-backend.md', 'counting-model.ts')) as never)
  })

  it.each(modelConformance(open, { tolerance: 0 }))('$name', ({ run }) => run())

  test('says the same with drafts as without, in fewer passes', async () => {
    const say = async (strategy?: DraftStrategy) => {
      const model = new CountingModel('one fish, two fish, red fish, blue fish, ')
      // A length that does not look at the clock: passes that wait for a busy machine are not what this is about.
      return generate({ model, prompt: 'one ', maxTokens: 40, strategy, length: fixedLength(4) }).result()
    }
    const [plain, drafted] = [await say(), await say(promptLookup())]
    expect(drafted.text).toBe(plain.text)
    expect(drafted.stats.passes).toBeLessThan(plain.stats.passes)
  })
})

describe.each(['my-strategy.ts', 'above.ts'])('%s of write-a-strategy.md', (name) => {
  let strategy: DraftStrategy
  beforeAll(async () => {
    strategy = (await load('docs/write-a-strategy.md', name)).default as DraftStrategy
  })

  it.each(strategyConformance(() => strategy))('$name', ({ run }) => run())
})
