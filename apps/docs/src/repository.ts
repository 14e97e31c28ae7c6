import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's folder, without a slash at its end. */
export const root: string = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

/** Where VitePress finds the pages. Made anew by each build. */
export const pagesFolder: string = join(root, 'apps/docs/pages')

/** Where the pages of the API are, and `navigation.json`, which says in what order. */
export const apiFolder: string = join(pagesFolder, 'api')

/** Files that are committed or could be, by their paths in the repository. */
export function repositoryFiles(pattern: string): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--deduplicate', pattern]
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
}
