import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { drawings } from './drawings/all.js'
import { root } from './repository.js'

for (const [name, drawing] of Object.entries(drawings())) writeFileSync(join(root, 'docs/images', name), drawing)
