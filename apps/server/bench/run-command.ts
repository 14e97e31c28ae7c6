import { describeFailure, exitCodes } from '../../cli/src/failure.js'
import { onInterrupt } from '../../cli/src/interrupt.js'

export const say = (line: string): void => void process.stderr.write(`${line}\n`)

interface Command<Options> {
  readonly help: string
  /** @returns Nothing when the help is asked for. */
  readOptions(args: readonly string[]): Options | undefined
  /** @returns The exit code. */
  main(options: Options, signal: AbortSignal): Promise<number>
}

/** Runs a program of this folder as the command line runs its own: failures in a sentence, an exit code for each kind. */
export async function runCommand<Options>({ help, readOptions, main }: Command<Options>): Promise<void> {
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
}
