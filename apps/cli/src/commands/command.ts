import type { Command, Option } from 'commander'
import type { ExitCode } from '../failure.js'
import type { Terminal } from '../terminal/terminal.js'

/** Runs the work of a command. */
export type Run = (work: (terminal: Terminal) => Promise<ExitCode>) => Promise<void>

export function addOptions(command: Command, options: readonly Option[]): void {
  for (const option of options) command.addOption(option)
}
