import { openDemo } from '../test-models.js'

// For host.test.ts: a program that forgets to dispose its model.
const model = await openDemo('target', { contextSize: 256, calibrate: false })
const sequence = await model.createSequence()
void sequence.forward([1, 2, 3]).then(() => process.stdout.write(`${sequence.length} tokens\n`))
