import { join } from 'node:path'
import { build } from 'vitepress'
import { checkSite } from './check-site.js'
import { prepare } from './prepare.js'
import { root } from './repository.js'

await prepare()
await build(join(root, 'apps/docs'))
const { pages, links, problems } = checkSite(join(root, 'apps/docs/dist'))
for (const problem of problems) console.error(problem)
console.log(`${pages} pages, ${links} links between them${problems.length ? '' : ', all of which lead somewhere'}.`)
// Search and highlighting leave workers behind.
process.exit(problems.length ? 1 : 0)
