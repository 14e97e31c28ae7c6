import { expect, test } from 'vitest'
import { type Snippet, snippetsOf, typeErrors } from './snippets.js'
import { pagesWithCode } from './written.js'

const block = (text: string, given = ''): Snippet => ({ page: 'docs/x.md', line: 10, name: 'block-1.ts', text, given })

test('every block of TypeScript fits the packages as they are', { timeout: 120_000 }, () => {
  const snippets = pagesWithCode().flatMap(snippetsOf)
  expect(snippets.length).toBeGreaterThan(20)
  // Names that a block takes for granted are declared in a comment above it: <!-- given: declare const x: X -->
  expect(typeErrors(snippets)).toEqual([])
})

test('what was renamed, or never was, is found in its line', { timeout: 120_000 }, () => {
  const wrong = block(
    "import { generate } from '@foretoken/core'\n\ngenerate({ model, promt: 'a' })\n",
    'declare const model: never',
  )
  const gone = { ...block("import { generateText } from '@foretoken/core'\n"), name: 'block-2.ts' }
  const errors = typeErrors([wrong, gone])
  expect(errors[0]).toMatch(/^docs\/x\.md:13: .*'promt' does not exist/)
  expect(errors[1]).toMatch(/^docs\/x\.md:11: .*no exported member.*'generateText'/)
})
