/** Many clients at once on `foretoken serve`, for a while: `npm run soak:serve`. */
import { writeFile } from 'node:fs/promises'
import { exitCodes } from '../../../cli/src/failure.js'
import { runCommand, say } from '../run-command.js'
import { help, type Options, readOptions } from './options.js'
import { reportLines } from './report.js'
import { soak } from './soak.js'

async function main({ minutes, json, ...load }: Options, signal: AbortSignal): Promise<number> {
  const report = await soak({ ...load, ms: 60_000 * minutes, signal, onProgress: say })
  process.stdout.write(`${reportLines(report).join('\n')}\n`)
  if (json) await writeFile(json, `${JSON.stringify(report, undefined, 2)}\n`)
  return report.faults.length === 0 ? exitCodes.ok : exitCodes.failed
}

await runCommand({ help, readOptions, main })
