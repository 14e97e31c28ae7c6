import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { mustBeHubName } from '../names/hub-name.js'
import { familyOf, knownFamilies, type Source } from './known-pairs.js'

describe('the family of a target', () => {
  test.each([
    ['qwen2', 'Qwen2.5 Coder 7B Instruct', 'Qwen2.5-Coder'],
    ['qwen2', 'bartowski/Qwen2.5-Coder-32B-Instruct-GGUF:Q4_K_M', 'Qwen2.5-Coder'],
    ['qwen2', 'DeepSeek R1 Distill Qwen 32B', 'DeepSeek-R1 distilled into Qwen2.5'],
    ['qwen3', 'Qwen/Qwen3-8B-GGUF', 'Qwen3'],
    ['qwen3moe', 'Qwen3 30B A3B', 'Qwen3'],
    ['llama', 'Meta Llama 3.1 8B Instruct', 'Llama 3.1, 3.2 and 3.3'],
    ['llama', 'Llama-3.3-70B-Instruct-Q4_K_M.gguf', 'Llama 3.1, 3.2 and 3.3'],
    ['llama', 'codellama_codellama-34b-hf', 'Code Llama'],
    ['gemma3', 'gemma-3-27b-it', 'Gemma 3'],
    ['gemma2', 'Gemma 2 27b It', 'Gemma 2'],
    ['llama', 'Mistral Small 3.1 24B Instruct 2503', 'Mistral Small 3 and Devstral'],
    ['llama', 'Mistral-7B-Instruct-v0.3', 'Mistral 7B'],
    ['llama', 'SmolLM 1.7B Instruct', 'SmolLM'],
  ])('%s %s', (architecture, name, title) => {
    expect(familyOf(architecture, [undefined, name])?.title).toBe(title)
  })

  test.each([
    ['qwen35', 'Qwen3.5 27B'],
    ['qwen3', 'Qwen3.5 27B'],
    ['qwen3next', 'Qwen3 Next 80B A3B'],
    ['gemma3n', 'gemma-3n-E2B'],
    ['gemma3', 'gemma-3n-E2B'],
    ['llama', 'Meta Llama 3 8B'],
    ['llama', 'SmolLM2 1.7B Instruct'],
    ['mamba', 'Qwen3 8B'],
    ['llama', 'A model of mine'],
  ])('of %s %s nothing is known', (architecture, name) => {
    expect(familyOf(architecture, [name])).toBeUndefined()
  })

  test('is not known of a target without a name', () => {
    expect(familyOf('llama', [undefined])).toBeUndefined()
  })
})

test('every draft is a name on the Hub, and everything that is said has a source', () => {
  const isSource = ({ url, read }: Source): boolean =>
    /^https:\/\/[\w.-]+\.\w+(\/[\w./-]+)?$/.test(url) && /^\d{4}-\d{2}-\d{2}$/.test(read)
  for (const { title, drafts, sources, accepted, misfits } of knownFamilies) {
    for (const draft of drafts) expect(mustBeHubName(draft).repo, title).toMatch(/GGUF$/i)
    expect(sources.length, title).toBeGreaterThan(0)
    const all = [...sources, ...misfits.map(({ source }) => source), ...(accepted ? [accepted.source] : [])]
    expect(all.filter((source) => !isSource(source))).toEqual([])
    if (accepted) expect(accepted.share > 0 && accepted.share < 1).toBe(true)
  }
})

test('docs/pair.md has them all, as they are here', async () => {
  const page = await readFile(fileURLToPath(new URL('../../../../docs/pair.md', import.meta.url)), 'utf8')
  const tables = page.split('\n').filter((line) => line.startsWith('|'))
  const links = (sources: readonly Source[]): string => sources.map(({ url }, i) => `[${i + 1}](${url})`).join(' ')
  const pairs = knownFamilies.map(
    ({ title, drafts, why, sources }) =>
      `| ${title} | ${drafts.map((draft) => `\`${draft}\``).join(', ') || 'none'} | ${why} | ${links(sources)} |`,
  )
  const misfits = knownFamilies.flatMap(({ misfits }) =>
    misfits.map(({ target, draft, why, source }) => `| ${target} | ${draft} | ${why} | ${links([source])} |`),
  )
  expect(tables.filter((line) => line.includes('](https://'))).toEqual([...pairs, ...misfits])
})
