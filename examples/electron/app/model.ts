import { argv } from 'node:process'
import { answerOver } from './answer.js'
import type { Port } from './protocol.js'

/* The model's own process: Electron's utility process, which has Node and no window. */

const [target, draft] = argv.slice(2) as [string, string]
process.parentPort.once('message', ({ ports }) => void answerOver(ports[0] as unknown as Port, { target, draft }))
