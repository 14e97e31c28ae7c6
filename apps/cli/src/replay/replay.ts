import { existsSync } from 'node:fs'
import { ForetokenError } from '@foretoken/core'
import { cacheDirectory } from '@foretoken/demo-models'
import { schedule } from '../bench/schedule.js'
import { noteOn, prepare } from '../demo/prepare.js'
import type { Size } from '../demo/sizes.js'
import { exitCodes, type ExitCode } from '../failure.js'
import { findModels } from '../models/find.js'
import { prepareKernels } from '../models/kernels.js'
import { openGguf } from '../models/load.js'
import { builtInPrompts } from '../models/prompts.js'
import type { ModelFlags } from '../options.js'
import { barPlot } from '../plot/bars.js'
import { save } from '../save.js'
import { bytes } from '../terminal/format.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { measureReplay } from './measure.js'
import { replayReport, type ReplayReport } from './report.js'
import { replayLines, replayPlot } from './show.js'
import { bytesToWrite, largestSize, roomHere } from './size.js'

export interface ReplayFlags extends ModelFlags {
  readonly size?: Size
  readonly rounds: number
  readonly maxTokens: number
  readonly json?: boolean
  readonly save?: string
  readonly svg?: string
}

/** The founding experiment of speculative decoding at home, on this machine. */
export async function replayFounding(flags: ReplayFlags, terminal: Terminal): Promise<ExitCode> {
  const files = await findModels(flags, terminal)
  if (files.backend === 'onnx') {
    throw new ForetokenError('invalid-argument', 'The replay takes GGUF files: leave out --backend onnx.')
  }
  if (files.draft === undefined) {
    throw new ForetokenError('invalid-argument', 'The replay needs a draft: pass --draft as well.')
  }
  // What is wrong is refused before gigabytes are written.
  const plan = schedule(await builtInPrompts(['code']), flags.rounds)
  // A model of one's own is taken as it is.
  const size = flags.size ?? (files.demo ? await chooseSize(terminal) : 'none')
  if (size !== 'none') await tellDisk(size, terminal)
  const prepared = await prepare(files, size, terminal)
  await mustPair(prepared.target, prepared.draft!)
  await prepareKernels(prepared.target, flags.gpu, terminal)

  // Prompts and texts are short, and a small cache leaves memory for weights.
  const load = { ...flags, context: flags.context ?? 1024 }
  const target = await openGguf(prepared.target, load, terminal)
  try {
    const draft = await openGguf(prepared.draft!, load, terminal)
    try {
      const measured = await measureReplay({ ...flags, plan, target, draft }, terminal)
      const report = replayReport(measured, { target, draft, note: noteOn(files.demo, prepared) })
      await output(report, flags, terminal)
      if (report.forks.some(({ verdict }) => verdict === 'bug')) return exitCodes.failed
      return report.interrupted ? exitCodes.interrupted : exitCodes.ok
    } finally {
      await draft.dispose()
    }
  } finally {
    await target.dispose()
  }
}

/** Says that the two cannot be paired before the first of them is loaded, which may take long. */
async function mustPair(target: string, draft: string): Promise<void> {
  // What is to be downloaded is looked at when it is here: loading says what is missing, drafting what does not match.
  if (!existsSync(target) || !existsSync(draft)) return
  const { checkPair, inspectModel } = await import('@foretoken/backend-llama')
  const { ok, reasons } = checkPair(await inspectModel(target), await inspectModel(draft))
  if (!ok) throw new ForetokenError('vocabulary-mismatch', reasons.join(' '))
}

async function chooseSize(terminal: Terminal): Promise<Size> {
  const room = await roomHere()
  const size = largestSize(room)
  const free = `${bytes(room.memory)} of memory and ${bytes(room.disk)} of disk are free`
  printLine(terminal.err, `size ${size}: the largest that this machine holds (${free}; --size takes another)`)
  return size
}

async function tellDisk(size: Size, terminal: Terminal): Promise<void> {
  const { files, disk } = await roomHere()
  const more = bytesToWrite(size, files)
  if (more > 0) {
    printLine(terminal.err, `writes ${bytes(more)} to ${cacheDirectory()}, once (${bytes(disk)} are free there)`)
  }
}

async function output(report: ReplayReport, to: ReplayFlags, terminal: Terminal): Promise<void> {
  if (to.json) {
    printJson(terminal.out, report)
  } else {
    for (const line of ['', ...replayLines(report, paintFor(terminal, 'out'))]) printLine(terminal.out, line)
  }
  if (to.save) await save(to.save, `${JSON.stringify(report, undefined, 2)}\n`)
  if (to.svg) await save(to.svg, barPlot(replayPlot(report)))
}
