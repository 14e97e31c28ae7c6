/** Replicas behind nginx, killed while clients stream: `npm run test:replicas`. */
import { writeFile } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'
import { exitCodes } from '../../../cli/src/failure.js'
import { runCommand, say } from '../run-command.js'
import { noBalancer } from './balancer.js'
import { help, type Options, readOptions } from './options.js'
import { prefixes } from './prefixes.js'
import { reportLines } from './report.js'
import { survive } from './survive.js'

async function main(options: Options, signal: AbortSignal): Promise<number> {
  const missing = noBalancer()
  if (missing !== undefined) throw new ForetokenError('unsupported', `There is ${missing}.`)
  const { json, replicas, conversations, turns } = options
  const survived = await survive({ ...options, prompts: 3, signal, onProgress: say })
  say(`${conversations} conversations, by the hash and in turn`)
  const read = await prefixes({ replicas, conversations, turns, clients: 4, signal })
  process.stdout.write(`${reportLines(survived, read).join('\n')}\n`)
  if (json) await writeFile(json, `${JSON.stringify({ survived, prefixes: read }, undefined, 2)}\n`)
  return survived.faults.length === 0 ? exitCodes.ok : exitCodes.failed
}

await runCommand({ help, readOptions, main })
