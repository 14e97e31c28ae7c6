/** Replicas behind nginx, killed while clients stream: `npm run test:replicas`. */
import { writeFile } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'
import { describeFailure, exitCodes } from '../../../cli/src/failure.js'
import { onInterrupt } from '../../../cli/src/interrupt.js'
import { noBalancer } from './balancer.js'
import { help, type Options, readOptions } from './options.js'
import { prefixes } from './prefixes.js'
import { reportLines } from './report.js'
import { survive } from './survive.js'

const say = (line: string): void => void process.stderr.write(`${line}\n`)

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

let code: number = exitCodes.ok
try {
  const options = readOptions(process.argv.slice(2))
  if (options) code = await main(options, onInterrupt())
  else process.stdout.write(help)
} catch (error) {
  const failure = describeFailure(error, Boolean(process.env.FORETOKEN_DEBUG))
  for (const line of failure.lines) say(line)
  code = failure.code
}
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
