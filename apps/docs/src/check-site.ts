import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'

/** Follows each link of each page of the built site, to its anchor. */
export function checkSite(folder: string): { pages: number; links: number; problems: string[] } {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html'))
    .map((file) => file.replaceAll('\\', '/'))
  const texts = new Map(pages.map((page) => [page, readFileSync(join(folder, page), 'utf8')]))
  const anchors = new Map([...texts].map(([page, text]) => [page, anchorsOf(text)]))
  const problems = new Set<string>()
  let links = 0
  for (const [page, text] of texts) {
    for (const [, target] of text.matchAll(/<[a-z]+\s[^>]*?\b(?:href|src|srcset)="([^"]+)"/g)) {
      if (/^[a-z]+:|^\/\//.test(target!)) continue
      links++
      const [path, anchor] = decodeURI(target!.replaceAll('&amp;', '&')).split('#') as [string, string | undefined]
      const found = path === '' ? page : fileOf(folder, posix.resolve('/', posix.dirname(page), path))
      if (found === undefined) problems.add(`${page}: ${target} leads nowhere`)
      else if (anchor && anchors.get(found)?.has(anchor) === false)
        problems.add(`${page}: ${target} has no such anchor`)
    }
  }
  return { pages: pages.length, links, problems: [...problems] }
}

/** The file that a server would send for `path`. */
function fileOf(folder: string, path: string): string | undefined {
  const wanted = path.slice(1).replace(/\?.*$/, '')
  return [wanted, `${wanted}.html`, posix.join(wanted, 'index.html')].find((file) =>
    statSync(join(folder, file), { throwIfNoEntry: false })?.isFile(),
  )
}

function anchorsOf(text: string): Set<string> {
  return new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!))
}
