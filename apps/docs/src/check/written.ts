import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryFiles, root } from '../repository.js'

/** All Markdown of the repository. */
export function markdownFiles(): string[] {
  return repositoryFiles('*.md').filter((file) => existsSync(join(root, file)))
}

/** Pages for people who write programs with Foretoken. */
export function pagesWithCode(): string[] {
  return markdownFiles().filter((file) =>
    /^(README(\.zh-CN)?\.md|docs\/[^/]+\.md|(packages|apps|examples)\/[^/]+\/README\.md)$/.test(file),
  )
}
