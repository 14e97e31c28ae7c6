import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Of models in parts, the others; and what lies beside models and is none. */
const none = /-(?!00001)\d{5}-of-\d{5}\.gguf$|(^|[^a-z])(mmproj|imatrix)/i

/** The GGUF models in a folder, not in those below. Nothing where it cannot be read. */
export async function modelsIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  return entries
    .filter(isModel)
    .map(({ name }) => join(folder, name))
    .toSorted()
}

/** The GGUF models in the cache of the Hub's tools. */
export async function modelsInCache(cache: string): Promise<string[]> {
  const repos = await readdir(cache).catch(() => [])
  const found = repos
    .filter((name) => name.startsWith('models--'))
    .map(async (name) => {
      const entries = await readdir(join(cache, name, 'snapshots'), { recursive: true, withFileTypes: true }).catch(
        () => [],
      )
      return entries.filter(isModel).map((entry) => join(entry.parentPath, entry.name))
    })
  return (await Promise.all(found)).flat().toSorted()
}

function isModel(entry: Dirent): boolean {
  return entry.name.endsWith('.gguf') && !entry.isDirectory() && !none.test(entry.name)
}
