import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join, posix } from 'node:path'
import { links } from './markdown.js'
import { chineseHome, files, home, sitePath } from './pages.js'
import { pagesFolder, repositoryFiles, root } from './repository.js'

/**
 * Copies the pages to where the site wants them, with links to match. What they link to beside pages comes along: pictures
 * as they are, other files as pages that show their text.
 *
 * @throws When a page is missing, a page of `docs/` is not in the sidebar, or a link leads nowhere.
 */
export function stage(): void {
  const problems = [
    ...files
      .filter((file) => !existsSync(join(root, file)))
      .map((file) => `${file} is in the sidebar and does not exist`),
    ...repositoryFiles('docs/*.md')
      .filter((file) => existsSync(join(root, file)) && !files.includes(file))
      .map((file) => `${file} is not in the sidebar: add it to apps/docs/src/pages.ts`),
  ]
  const sources = new Set<string>()
  for (const file of files.filter((each) => existsSync(join(root, each)))) {
    const text = readFileSync(join(root, file), 'utf8')
    write(sitePath(file), front(file) + relink(file, text, sources, problems))
  }
  for (const source of sources) write(sitePath(source), showSource(source))
  if (problems.length > 0) throw new Error(`The site cannot be built:\n${problems.join('\n')}`)
}

function relink(file: string, text: string, sources: Set<string>, problems: string[]): string {
  let [result, end] = ['', 0]
  for (const { target, start, line } of links(text)) {
    if (/^([a-z]+:|#)/.test(target)) continue
    const [path, anchor] = target.split('#') as [string, string | undefined]
    const found = fileOf(posix.join(posix.dirname(file), path))
    if (found === undefined) {
      problems.push(`${file}:${line}: ${target} leads nowhere`)
      continue
    }
    result += text.slice(end, start) + here(file, found, sources) + (anchor === undefined ? '' : `#${anchor}`)
    end = start + target.length
  }
  return result + text.slice(end)
}

/** A link to a folder is one to what it says of itself, if it does. */
function fileOf(path: string): string | undefined {
  if (!existsSync(join(root, path))) return undefined
  const readme = posix.join(path, 'README.md')
  return existsSync(join(root, readme)) ? readme : path
}

function here(from: string, to: string, sources: Set<string>): string {
  const relative = (path: string): string => {
    const steps = posix.relative(posix.dirname(sitePath(from)), path)
    return steps.startsWith('.') ? steps : `./${steps}`
  }
  if (['.png', '.svg', '.jpg'].includes(extname(to))) {
    const picture = `pictures/${to}`
    mkdirSync(dirname(join(pagesFolder, picture)), { recursive: true })
    cpSync(join(root, to), join(pagesFolder, picture))
    return relative(picture)
  }
  if (!files.includes(to)) sources.add(to)
  return relative(sitePath(to))
}

/** The page that shows a file of the repository, or what is in a folder. */
function showSource(file: string): string {
  const isFolder = statSync(join(root, file)).isDirectory()
  const text = isFolder ? repositoryFiles(`${file}/`).join('\n') : readFileSync(join(root, file), 'utf8')
  const language = { '.ts': 'ts', '.mjs': 'js', '.json': 'json', '.yaml': 'yaml', '.md': 'md' }[extname(file)] ?? ''
  return `---\neditLink: false\noutline: false\nsearch: false\n---\n\n# ${file}\n\n\`\`\`\`\`${language}\n${text.trimEnd()}\n\`\`\`\`\`\n`
}

/** The first screen has no sidebar and no outline. */
function front(file: string): string {
  if (file !== home && file !== chineseHome) return ''
  return '---\nsidebar: false\naside: false\n---\n\n'
}

function write(path: string, text: string): void {
  const to = join(pagesFolder, path)
  mkdirSync(dirname(to), { recursive: true })
  writeFileSync(to, text)
}
