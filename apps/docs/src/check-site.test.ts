import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkSite } from './check-site.js'

const folder = mkdtempSync(join(tmpdir(), 'foretoken-site-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('follows links and anchors, as a server would', () => {
  mkdirSync(join(folder, 'api'))
  writeFileSync(join(folder, 'index.html'), '<a href="/tuning.html#c">1</a> <a href="./api/">2</a> <img src="x.png">')
  writeFileSync(join(folder, 'tuning.html'), '<h2 id="c">c</h2> <a class="a" href="#d">3</a> <a href="/index">4</a>')
  writeFileSync(join(folder, 'api/index.html'), '<a href="../gone.html">5</a> <a href="https://example.org/">6</a>')
  const { pages, links, problems } = checkSite(folder)
  expect({ pages, links }).toEqual({ pages: 3, links: 6 })
  expect(problems.toSorted()).toEqual([
    'api/index.html: ../gone.html leads nowhere',
    'index.html: x.png leads nowhere',
    'tuning.html: #d has no such anchor',
  ])
})
