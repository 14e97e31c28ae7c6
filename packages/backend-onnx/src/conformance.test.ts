import { modelConformance } from '@foretoken/core/testing'
import { describe, it } from 'vitest'
import { openDemo } from './test-models.js'
import { keepWorker } from './test-worker.js'

describe.each([
  // The cache is of one kind for short contexts, of another for long ones.
  ['target', 256, 4],
  ['target', 256, 1],
  ['target', 1024, 4],
  ['draft', 1024, 1],
] as const)('the model contract: %s, %i tokens, %i sequences', (role, contextSize, sequences) => {
  const open = () => openDemo(role, { contextSize, sequences, calibrate: false })
  keepWorker()
  for (const { name, run } of modelConformance(open, { tolerance: 1e-3 })) it(name, run)
})
