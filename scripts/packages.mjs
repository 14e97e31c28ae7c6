// The packages that are published, and how they are packed.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.env.PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`

/** @returns {{ folder: string, manifest: any }[]} Those that are not private. */
export function publicPackages() {
  return ['packages', 'apps']
    .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) }))
    .filter(({ manifest }) => !manifest.private)
}

/**
 * Packs a package as it would be published.
 *
 * @param {{ folder: string, manifest: any }} of
 * @param {string} into A folder.
 * @returns {string} The tarball.
 */
export function pack({ folder, manifest }, into) {
  mkdirSync(into, { recursive: true })
  execFileSync('pnpm', ['pack', '--pack-destination', into], { cwd: folder, stdio: 'pipe' })
  return join(into, `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`)
}

/** @returns {string[]} What users can import of a package: `@foretoken/core/testing`. */
export function entriesOf(manifest) {
  return Object.keys(manifest.publishConfig?.exports ?? manifest.exports ?? {})
    .filter((path) => !path.endsWith('.json'))
    .map((path) => `${manifest.name}${path.slice(1)}`)
}
