import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fences, headings } from '../markdown.js'
import { root } from '../repository.js'

const [english, chinese] = ['README.md', 'README.zh-CN.md'].map((file) => readFileSync(join(root, file), 'utf8')) as [
  string,
  string,
]

test('the Chinese README has the headings of the English one', () => {
  expect(
    headings(chinese).map(({ level, text }) => `${level} ${text}`),
    'README.md has other headings than README.zh-CN.md. Write the same chapters there, in the same order and at the same level.',
  ).toHaveLength(headings(english).length)
  expect(
    headings(chinese).map(({ level }) => level),
    'The levels of headings differ, in order from the top.',
  ).toEqual(headings(english).map(({ level }) => level))
})

test('the Chinese README has the code of the English one, but for comments', () => {
  const code = (text: string) =>
    fences(text).map(({ language, text: block }) => ({ language, block: bare(block, language) }))
  const hint =
    'A code block differs. Copy the block from README.md into README.zh-CN.md, and translate nothing in it but comments.'
  expect(code(chinese), hint).toEqual(code(english))
})

test('the two link to each other, and to the same places', () => {
  expect(english).toContain('(README.zh-CN.md)')
  expect(chinese).toContain('(README.md)')
  const targets = (text: string) =>
    [...text.matchAll(/\]\(([^)#]+)/g)].map(([, target]) => target!).filter((target) => !target.startsWith('README'))
  expect(
    [...new Set(targets(chinese))].toSorted(),
    'README.zh-CN.md has to link to what README.md links to, and to nothing else.',
  ).toEqual([...new Set(targets(english))].toSorted())
})

test('comments are left out, and nothing else', () => {
  expect(bare("a('x # y') // one\nb()\n", 'ts')).toBe("a('x # y')\nb()\n")
  expect(bare("foretoken demo   # one\nx '#'\n", 'sh')).toBe("foretoken demo\nx '#'\n")
  expect(bare('tau # 1 // 2\n', '')).toBe('tau # 1 // 2\n')
})

/** A block without the comments of its language. */
function bare(block: string, language: string): string {
  const comment = language === 'ts' ? /\s+\/\/ .*$|^\/\/ .*$/gm : language === 'sh' ? /\s+# .*$|^# .*$/gm : undefined
  return comment ? block.replace(comment, '') : block
}
