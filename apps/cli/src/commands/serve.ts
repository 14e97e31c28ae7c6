import { basename } from 'node:path'
import { Command, Option } from 'commander'
import { exitCodes, type ExitCode } from '../failure.js'
import { demoNote } from '../models/files.js'
import { findModels } from '../models/find.js'
import { above, draftingOptions, jsonOption, type ModelFlags, modelOptions, whole } from '../options.js'
import { paintFor, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags extends ModelFlags {
  readonly strategy?: string
  readonly name?: string
  readonly host: string
  readonly port: number
  readonly parallel: number
  readonly queue: number
  readonly apiKeyFile?: string
  readonly cors?: readonly string[]
  readonly tokenLimit?: number
  /** MiB. */
  readonly bodyLimit: number
  /** Seconds. */
  readonly timeout: number
  readonly drain: number
  readonly logPrompts?: boolean
  readonly json?: boolean
}

export function serveCommand(run: Run): Command {
  const command = new Command('serve').description("a server for OpenAI's clients, with a page to try it at /")
  const access = (flags: string, what: string): Option => new Option(flags, what).helpGroup('Access:')
  const load = (flags: string, what: string): Option => new Option(flags, what).helpGroup('Load:')
  addOptions(command, [
    new Option('--name <id>', "what requests call the model (default: its file's name)"),
    jsonOption('print where it listens and what it serves as a line of JSON'),
    ...modelOptions(),
    ...draftingOptions().filter(({ long }) => long === '--strategy'),
    access('--host <address>', 'where to listen; 0.0.0.0 for every network').default('127.0.0.1'),
    access('--port <n>', 'where to listen; 0 for any port that is free').default(8080).argParser(whole(0)),
    access('--api-key-file <file>', 'keys that let clients in, one a line (default: those in FORETOKEN_API_KEYS)'),
    access('--cors <origin>', 'pages from there may ask, * for all; may be repeated').argParser(
      (text: string, previous?: readonly string[]) => [...(previous ?? []), text],
    ),
    access('--log-prompts', 'write prompts into the log'),
    load('--parallel <n>', 'texts under way at once; each takes memory for a context').default(4).argParser(whole(1)),
    load('--queue <n>', 'requests that may wait for their turn').default(64).argParser(whole(0)),
    load('--token-limit <n>', 'the most tokens of an answer (default: what the context holds)').argParser(whole(1)),
    load('--body-limit <MiB>', 'the largest request').default(4).argParser(above(0, 1024)),
    load('--timeout <s>', 'the longest that an answer may take').default(600).argParser(above(0, 86_400)),
    load('--drain <s>', 'how long to wait for answers under way at the end').default(30).argParser(whole(0)),
  ])
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ foretoken serve
  $ foretoken serve -m target.gguf -d draft.gguf --parallel 8 --port 8000
  $ FORETOKEN_API_KEYS=one,another foretoken serve -m target.gguf --host 0.0.0.0

A line of JSON for each request goes to stderr. Ctrl-C or SIGTERM waits for the answers under way; a second one does not.
Exit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted.`,
    )
    .action((flags: Flags) => run((terminal) => runServe(flags, terminal)))
}

async function runServe(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const files = await findModels(flags, terminal)
  const [server, { openServed }, { readKeys }] = await Promise.all([
    import('@foretoken/server'),
    import('../serve/open.js'),
    import('../serve/keys.js'),
  ])
  const keys = await readKeys(flags.apiKeyFile, terminal.env)
  const metrics = server.engineMetrics()
  const id = flags.name ?? (files.demo ? 'foretoken-demo' : basename(files.target, '.gguf'))
  const opening = openServed(id, files, metrics, { flags, terminal })
  const { listen, close } = server.createServer({
    engine: opening.then(({ engine }) => engine),
    keys,
    cors: flags.cors,
    bodyLimit: Math.floor(flags.bodyLimit * 2 ** 20),
    maxTokens: flags.tokenLimit,
    timeoutMs: flags.timeout * 1000,
    logger: server.createLogger(terminal.err),
    logPrompts: flags.logPrompts,
    metrics: metrics.registry,
    playground: server.playgroundFiles(),
  })
  try {
    const { url } = await listen(flags)
    const { engine } = await opening
    const note = paintFor(terminal, 'err')
    if (files.demo) printLine(terminal.err, note.dim(demoNote))
    if (keys.length === 0 && !isLocal(flags.host)) {
      const advice = 'anybody who can reach it can use it: pass --api-key-file, or set FORETOKEN_API_KEYS'
      printLine(terminal.err, note.yellow(`warning: ${advice}`))
    }
    const { description } = engine.target
    const ready = flags.json ? JSON.stringify({ url, model: id, description }) : `${url} serves ${id}: ${description}`
    printLine(terminal.out, ready)
    await aborted(terminal.signal)
    return exitCodes.ok
  } finally {
    await close({ drainMs: flags.drain * 1000 })
    const opened = await opening.catch(() => undefined)
    await opened?.dispose()
  }
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
