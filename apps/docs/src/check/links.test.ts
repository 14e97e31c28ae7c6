import { readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { expect, test } from 'vitest'
import { headings, type Link, links, slug } from '../markdown.js'
import { root } from '../repository.js'
import { markdownFiles } from './written.js'

test('every link in Markdown leads to a file, and to a heading in it', () => {
  const all = markdownFiles().flatMap((file) => linksOf(file).map((link) => ({ file, ...link })))
  expect(all.length).toBeGreaterThan(100)
  expect(all.flatMap(({ file, ...link }) => wrong(file, link) ?? [])).toEqual([])
})

test('links that lead nowhere are told', () => {
  const about = (target: string): string | undefined => wrong('docs/tuning.md', { target, line: 7, start: 0 })
  expect(about('nothing.md')).toBe('docs/tuning.md:7: nothing.md: there is no such file')
  expect(about('benchmarks.md#nothing')).toMatch(/there is no heading/)
  expect(about('#when-there-is-none')).toBeUndefined()
  expect(about('https://')).toMatch(/is no address/)
  expect(about('http://example.org')).toMatch(/https/)
  expect(about('ftp://example.org/x')).toMatch(/https/)
})

test('headings get the anchors that GitHub gives them', () => {
  expect(slug('What a pass costs: T(n)')).toBe('what-a-pass-costs-tn')
  expect(slug('Q4_0 and Q8_0 weights')).toBe('q4_0-and-q8_0-weights')
  expect(slug('三个承诺：不变')).toBe('三个承诺不变')
  expect(headings('# A `b`\n\n```md\n# no\n```\n\n## A b\n').map(({ anchor }) => anchor)).toEqual(['a-b', 'a-b-1'])
})

function linksOf(file: string): Link[] {
  return links(readFileSync(join(root, file), 'utf8'))
}

function wrong(file: string, { target, line }: Link): string | undefined {
  const complain = (what: string): string => `${file}:${line}: ${target}: ${what}`
  if (/^[a-z]+:/i.test(target)) return external(target) && complain(external(target)!)
  const [path, anchor] = target.split('#') as [string, string | undefined]
  const to = path === '' ? file : posix.join(posix.dirname(file), path)
  const stat = statSync(join(root, to), { throwIfNoEntry: false })
  if (!stat) return complain('there is no such file')
  if (anchor === undefined) return undefined
  const known = stat.isFile() && headings(readFileSync(join(root, to), 'utf8')).some((each) => each.anchor === anchor)
  return known ? undefined : complain('there is no heading of that name')
}

/** Nothing is fetched: it has to be an address that can be. */
function external(target: string): string | undefined {
  if (target.startsWith('mailto:')) return undefined
  if (!URL.canParse(target)) return 'is no address'
  const { protocol, hostname } = new URL(target)
  const near = hostname === 'localhost' || hostname === '127.0.0.1'
  return protocol === 'https:' || (near && protocol === 'http:') ? undefined : 'only https is linked to'
}
