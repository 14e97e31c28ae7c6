import { readFile } from 'node:fs/promises'
import { text as readAll } from 'node:stream/consumers'
import {
  ForetokenError,
  generate,
  type GenerateEvent,
  type GenerateOptions,
  type GenerateResult,
} from '@foretoken/core'
import { Command, Option } from 'commander'
import { describeStats, lossyNote } from '../describe-stats.js'
import { exitCodes, type ExitCode, Interrupted } from '../failure.js'
import { explain } from '../explain.js'
import { type FormatFlags, formatOptions } from '../format-options.js'
import { openSetup, type Setup } from '../models/setup.js'
import {
  colorOptions,
  type DraftingFlags,
  draftingOptions,
  jsonOption,
  type LimitFlags,
  limitOptions,
  type ModelFlags,
  modelOptions,
} from '../options.js'
import { addOptions, type Run } from './command.js'
import { type SamplingFlags, samplingOptions } from '../sampling-options.js'
import type { Paint } from '../terminal/paint.js'
import { createPromptProgress } from '../terminal/prompt-progress.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'

interface Flags extends ModelFlags, DraftingFlags, SamplingFlags, LimitFlags, FormatFlags {
  readonly prompt?: string
  readonly file?: string
  readonly json?: boolean
  readonly events?: boolean
  readonly explain?: boolean
  readonly color?: boolean
}

export function generateCommand(run: Run): Command {
  const command = new Command('generate').description(
    'goes on from a prompt; the text goes to stdout, figures to stderr',
  )
  addOptions(command, [
    new Option('-p, --prompt <text>', 'the text to go on from').conflicts('file'),
    new Option('-f, --file <path>', 'a file to go on from (default: stdin)'),
    jsonOption('print the result, with its figures, as JSON'),
    new Option('--events', 'print each event as a line of JSON, as it comes').conflicts('json'),
    new Option('--explain', 'say how much was drafted when, and why').conflicts('events'),
    ...colorOptions(),
    ...modelOptions(),
    ...draftingOptions(),
    ...samplingOptions(),
    ...formatOptions(),
    ...limitOptions(128),
  ])
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ foretoken generate -p 'export function add(' --max-tokens 60
  $ foretoken generate -m target.gguf -d draft.gguf -f prompt.txt -t 0.8 --seed 7
  $ foretoken generate -f main.ts --explain
  $ cat main.ts | foretoken generate --strategy ./my-strategy.ts --json
  $ foretoken generate -p 'A person: ' --json-schema person.json -t 0.8

Green text was drafted and accepted. Exit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted.`,
    )
    .action((flags: Flags) => run((terminal) => runGenerate(flags, terminal)))
}

async function runGenerate(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const prompt = await readPrompt(flags, terminal)
  const setup = await openSetup(flags, terminal)
  try {
    const options: GenerateOptions = { ...setup.options, prompt, signal: terminal.signal }
    if (setup.note) printLine(terminal.err, paintFor(terminal, 'err', flags.color).dim(setup.note))
    if (flags.events) return await printEvents(options, terminal)
    return flags.json ? await printResult(options, setup, terminal) : await printText(options, flags, terminal)
  } finally {
    await setup.dispose()
  }
}

async function printText(options: GenerateOptions, flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const paint = paintFor(terminal, 'out', flags.color)
  const note = paintFor(terminal, 'err', flags.color)
  const progress = createPromptProgress(terminal)
  let last = ''
  try {
    for await (const event of generate(options)) {
      progress.see(event)
      if (event.type === 'warning') printLine(terminal.err, note.yellow(`warning: ${event.warning.message}`))
      last = event.text || last
      terminal.out.write(painted(event, paint))
      if (event.type !== 'finish') continue
      if (!last.endsWith('\n')) printLine(terminal.out)
      const { stats, seed, verifier, lossy } = event.result
      printLine(terminal.err, note.dim(`${describeStats(stats)} · seed ${seed}`))
      if (flags.explain) for (const line of explain(stats)) printLine(terminal.err, line)
      if (lossy) printLine(terminal.err, note.yellow(lossyNote(verifier)))
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    printLine(terminal.out)
    return exitCodes.interrupted
  } finally {
    progress.done()
  }
  return exitCodes.ok
}

/** What was drafted and accepted is green. */
export function painted(event: GenerateEvent, paint: Paint): string {
  return event.type === 'token' && event.origin === 'accepted' ? paint.green(event.text) : event.text
}

async function printResult(options: GenerateOptions, setup: Setup, terminal: Terminal): Promise<ExitCode> {
  const about = {
    model: setup.model.description,
    draft: setup.draft?.description,
    strategy: setup.strategy,
    length: setup.length,
  }
  const progress = createPromptProgress(terminal)
  const generation = generate(options)
  try {
    for await (const event of generation) progress.see(event)
    printJson(terminal.out, { ...about, ...resultJson(await generation.result()) })
  } catch (error) {
    const { text, tokens } = generation
    if (error instanceof Interrupted) {
      printJson(terminal.out, { ...about, text, tokens, finishReason: 'interrupted' })
      return exitCodes.interrupted
    }
    // What was said is not lost with what went wrong.
    if (tokens.length > 0) printJson(terminal.out, { ...about, text, tokens, finishReason: 'error' })
    throw error
  } finally {
    progress.done()
  }
  return exitCodes.ok
}

async function printEvents(options: GenerateOptions, terminal: Terminal): Promise<ExitCode> {
  for await (const event of generate(options)) printLine(terminal.out, JSON.stringify(eventJson(event)))
  return exitCodes.ok
}

function eventJson(event: GenerateEvent): object {
  if (event.type === 'warning') return { type: event.type, ...warningJson(event.warning) }
  return event.type === 'finish' ? { ...event, result: resultJson(event.result) } : event
}

function resultJson(result: GenerateResult): object {
  return { ...result, warnings: result.warnings.map(warningJson) }
}

function warningJson({ code, message }: ForetokenError): object {
  return { code, message }
}

async function readPrompt({ prompt, file }: Flags, terminal: Terminal): Promise<string> {
  if (prompt !== undefined) return prompt
  if (file !== undefined) {
    try {
      return await readFile(file, 'utf8')
    } catch (cause) {
      throw new ForetokenError(
        'invalid-argument',
        `The prompt file ${file} cannot be read: ${(cause as Error).message}.`,
        { cause },
      )
    }
  }
  if (terminal.input.isTTY) {
    throw new ForetokenError('invalid-argument', 'There is no prompt: pass --prompt or --file, or pipe it in.')
  }
  return readAll(terminal.input)
}
