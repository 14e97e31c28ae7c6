import { modelConformance } from '@foretoken/core/testing'
import { describe, it } from 'vitest'
import { loadModel } from './index.js'
import { draftPath, targetPath } from './test-models.js'

for (const [name, path, sequences] of [
  ['target', targetPath, 4],
  ['draft', draftPath, 4],
] as const) {
  describe(`the model contract: ${name}`, () => {
    const open = () => loadModel({ path, gpu: false, contextSize: 256, sequences })
    for (const { name: check, run } of modelConformance(open)) it(check, run)
  })
}
