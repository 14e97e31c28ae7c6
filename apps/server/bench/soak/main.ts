/** Many clients at once on `foretoken serve`, for a while: `npm run soak:serve`. */
import { writeFile } from 'node:fs/promises'
import { describeFailure, exitCodes } from '../../../cli/src/failure.js'
import { onInterrupt } from '../../../cli/src/interrupt.js'
import { help, type Options, readOptions } from './options.js'
import { reportLines } from './report.js'
import { soak } from './soak.js'

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main({ minutes, json, ...load }: Options, signal: AbortSignal): Promise<number> {
  const report = await soak({ ...load, ms: 60_000 * minutes, signal, onProgress: say })
  process.stdout.write(`${reportLines(report).join('\n')}\n`)
  if (json) await writeFile(json, `${JSON.stringify(report, undefined, 2)}\n`)
  return report.faults.length === 0 ? exitCodes.ok : exitCodes.failed
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
