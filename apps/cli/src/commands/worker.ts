import type { Gpu, WorkerInfo } from '@foretoken/backend-llama'
import { Command, InvalidArgumentError, Option } from 'commander'
import { exitCodes, type ExitCode, Interrupted } from '../failure.js'
import { above, jsonOption, modelOptions, whole } from '../options.js'
import { bytes, plural } from '../terminal/format.js'
import { createProgress } from '../terminal/progress.js'
import { facts } from '../terminal/table.js'
import { paintFor, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags {
  readonly listen: Address
  readonly device?: string
  /** GiB. */
  readonly memory?: number
  readonly threads?: number
  readonly gpu: Gpu
  readonly cache?: boolean
  readonly build?: boolean
  readonly json?: boolean
}

interface Address {
  readonly host: string
  readonly port: number
}

export function workerCommand(run: Run): Command {
  const command = new Command('worker').description('lend this machine to a model that is spread over several')
  addOptions(command, [
    new Option(
      '--listen <host:port>',
      'where to listen; other addresses than 127.0.0.1 let anybody in who reaches them',
    )
      .default({ host: '127.0.0.1', port: 50_052 }, '127.0.0.1:50052')
      .argParser(parseAddress),
    new Option(
      '--device <kind>',
      'what to lend, as llama.cpp names it; several with commas (default: all GPUs, or else CPU)',
    ),
    new Option('--memory <GiB>', 'the most that a model may use (default: what is free)').argParser(above(0, 2 ** 20)),
    new Option('--threads <n>', 'processor threads of a pass (default: the physical cores)').argParser(whole(1)),
    ...modelOptions().filter(({ long }) => long === '--gpu'),
    new Option('--cache', 'keep large weights on disk, so that they come over the wire once'),
    new Option('--build', "build what it needs (llama.cpp's RPC backend), and end"),
    jsonOption('print what it is as a line of JSON'),
  ])
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ foretoken worker
  $ foretoken worker --listen 10.0.0.2:50052 --memory 12
  $ foretoken generate -m target.gguf -d draft.gguf --workers 10.0.0.2:50052,10.0.0.3:50052 -p 'Hello'

It runs llama.cpp's RPC server, of the same version as at the other end, for one model at a time. There is no
authentication and no encryption: use a private network, or a tunnel (docs/workers.md). The first start builds the RPC
backend, in some ten seconds; that needs git and g++. Ctrl-C or SIGTERM ends it.
Exit codes: 0 ok, 1 it failed, 2 bad input (a port in use, too).`,
    )
    .action((flags: Flags) => run((terminal) => runWorker(flags, terminal)))
}

async function runWorker(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const { startWorker } = await import('@foretoken/backend-llama')
  const { listen, memory } = flags
  const label = "building llama.cpp's RPC backend, once"
  const progress = createProgress(terminal, label)
  const paint = paintFor(terminal, 'err')
  const worker = await startWorker({
    ...(flags.build ? { host: '127.0.0.1', port: 0 } : listen),
    gpu: flags.gpu,
    devices: flags.device?.split(','),
    memory: memory === undefined ? undefined : memory * 2 ** 30,
    threads: flags.threads,
    cache: flags.cache ?? false,
    signal: terminal.signal,
    onEvent: (message) => printLine(terminal.err, paint.dim(`${new Date().toISOString()} ${message}`)),
    onBuild: (fraction) => (fraction < 1 ? progress.update(fraction) : progress.done(`${label}: done`)),
  })
  try {
    if (flags.build) return exitCodes.ok
    if (!isLocal(listen.host)) for (const line of warning(listen.host)) printLine(terminal.err, paint.red(line))
    const address = `${listen.host}:${worker.port}`
    if (flags.json) printLine(terminal.out, JSON.stringify({ address, ...worker.info }))
    else for (const line of lines(address, worker.info, terminal)) printLine(terminal.out, line)
    await aborted(terminal.signal)
    // To be ended is how it ends.
    if (terminal.signal.reason instanceof Interrupted) return exitCodes.ok
    throw terminal.signal.reason
  } finally {
    await worker.close()
  }
}

function warning(host: string): string[] {
  return [
    `WARNING: whoever reaches ${host} can use this worker: the protocol has no authentication and no encryption, and`,
    'trusts what it is sent. Private networks only: never the internet, never a shared Wi-Fi. See docs/workers.md for tunnels.',
  ]
}

function lines(address: string, info: WorkerInfo, terminal: Terminal): string[] {
  const devices = info.devices.map(({ name, description, free }) => `${name} ${description}, ${bytes(free)} free`)
  return [
    `worker at ${address}`,
    ...facts(
      [
        ...devices.map((device) => ['device', device] as const),
        ['memory', `${bytes(info.memory)} to lend`],
        ['threads', `${plural(info.threads, 'thread')}${info.kernels ? `, kernels: ${info.kernels}` : ''}`],
        ['version', `llama.cpp ${info.release}, RPC protocol ${info.protocol}`],
      ],
      paintFor(terminal, 'out'),
    ),
  ]
}

/** @throws `InvalidArgumentError` */
function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d+)$/.exec(text)
  const port = Number(match?.[3])
  if (!match || port > 65_535) throw new InvalidArgumentError('Write host:port, such as 127.0.0.1:50052.')
  return { host: (match[1] ?? match[2])!, port }
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
  })
}
