import { rmSync } from 'node:fs'
import { buildApi } from './api.js'
import { pagesFolder } from './repository.js'
import { stage } from './stage.js'

/** Puts together what VitePress makes the site of. */
export async function prepare(): Promise<void> {
  rmSync(pagesFolder, { recursive: true, force: true })
  stage()
  await buildApi()
}
