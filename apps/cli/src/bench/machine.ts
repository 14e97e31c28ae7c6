import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { bytes } from '../terminal/format.js'

/** What figures were measured on. */
export interface Machine {
  readonly processor: string
  /** Those that this program may use. */
  readonly logicalCores: number
  readonly memory: string
  readonly platform: string
  readonly node: string
}

export function machine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() || 'unknown',
    logicalCores: availableParallelism(),
    memory: bytes(totalmem()),
    platform: `${platform()} ${release()} ${arch()}`,
    node: process.version,
  }
}

/** As it could be typed again. */
export function commandLine(args: readonly string[]): string {
  return [
    'foretoken',
    ...args.map((arg) => (/^[\w./:=,@%+-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)),
  ].join(' ')
}
