import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application } from 'typedoc'
import { apiFolder, root } from './repository.js'

/** Writes a page for each public symbol. @throws When typedoc warns of anything. */
export async function buildApi(): Promise<void> {
  mkdirSync(apiFolder, { recursive: true })
  const app = await Application.bootstrapWithPlugins({
    options: join(root, 'apps/docs/typedoc.json'),
    plugin: [fileURLToPath(import.meta.resolve('typedoc-plugin-markdown'))],
  })
  const project = await app.convert()
  if (project) await app.generateOutputs(project)
  if (!project || app.logger.hasErrors() || app.logger.hasWarnings()) {
    throw new Error('The API documentation has errors or warnings: they are above.')
  }
}
