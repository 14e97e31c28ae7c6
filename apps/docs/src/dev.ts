import { watch } from 'node:fs'
import { join } from 'node:path'
import { createServer } from 'vitepress'
import { prepare } from './prepare.js'
import { root } from './repository.js'
import { stage } from './stage.js'

await prepare()
const server = await createServer(join(root, 'apps/docs'))
await server.listen()
server.printUrls()

// The pages are copies: a page that is being written is copied again when it is saved.
watch(join(root, 'docs'), () => {
  try {
    stage()
  } catch (error) {
    console.error((error as Error).message)
  }
})
