import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const shipped = fileURLToPath(new URL('../../demo-models/models/', import.meta.url))

/** The demo models, or, until they are there, those of the folder in the environment. For tests. */
export const [targetPath, draftPath] = [find('target'), find('draft')]

function find(role: 'target' | 'draft'): string {
  const types = role === 'target' ? ['F16'] : ['Q8_0', 'Q4_0', 'F16']
  for (const folder of [shipped, process.env.FORETOKEN_TEST_MODELS]) {
    for (const type of types) {
      const path = folder && join(folder, `${role}-${type}.gguf`)
      if (path && existsSync(path)) return path
    }
  }
  throw new Error(
    `No ${role} model in ${shipped}: run the recipe beside it, or set FORETOKEN_TEST_MODELS to a folder with one.`,
  )
}
