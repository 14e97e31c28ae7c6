import { createInterface } from 'node:readline/promises'
import { ForetokenError, generate, type GenerateResult, type Sequence } from '@foretoken/core'
import { Command, Option } from 'commander'
import { createConversation, type Conversation } from '../chat/history.js'
import { readLine, slashCommands } from '../chat/slash.js'
import { describeStats } from '../describe-stats.js'
import { exitCodes, type ExitCode } from '../failure.js'
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
import { type SamplingFlags, samplingOptions } from '../sampling-options.js'
import { createPromptProgress } from '../terminal/prompt-progress.js'
import { paintFor, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'
import { painted } from './generate.js'

interface Flags extends ModelFlags, DraftingFlags, SamplingFlags, LimitFlags, FormatFlags {
  readonly system?: string
  readonly raw?: boolean
  readonly json?: boolean
  readonly color?: boolean
}

export function chatCommand(run: Run): Command {
  const command = new Command('chat').description("a conversation, written out by the model's own chat template")
  addOptions(command, [
    new Option('--system <text>', 'what the model is told before anything else'),
    new Option('--raw', 'no template: the model goes on from all that was said, as plain text'),
    jsonOption('print each answer, with its figures, as a line of JSON'),
    ...colorOptions(),
    ...modelOptions(),
    ...draftingOptions(),
    ...samplingOptions(),
    ...formatOptions(),
    ...limitOptions(512),
  ])
  return command
    .addHelpText(
      'after',
      `
Examples:
  $ foretoken chat -m model.gguf -d small-model.gguf -t 0.7
  $ printf 'Name three primes.\\nAnd three more.\\n' | foretoken chat -m model.gguf --json

In a conversation: ${Object.entries(slashCommands)
        .map(([name, what]) => `/${name} ${what}`)
        .join('; ')}.
Ctrl-C ends an answer, and on an empty line the conversation.
Exit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted.`,
    )
    .action((flags: Flags) => run((terminal) => runChat(flags, terminal)))
}

async function runChat(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const setup = await openSetup(flags, terminal)
  try {
    if (!flags.raw && !setup.model.tokenizer.renderChat) {
      throw new ForetokenError(
        'unsupported',
        `${setup.model.description} has no chat template. Use foretoken generate, a model trained for chat (--model), ` +
          'or --raw, which lets it go on from what you type.',
      )
    }
    const sequence = await setup.model.createSequence()
    try {
      return await converse(flags, setup, sequence, terminal)
    } finally {
      await sequence.dispose()
    }
  } finally {
    await setup.dispose()
  }
}

async function converse(flags: Flags, setup: Setup, sequence: Sequence, terminal: Terminal): Promise<ExitCode> {
  const note = paintFor(terminal, 'err', flags.color)
  const interactive = terminal.input.isTTY === true
  const conversation = createConversation(setup.model, flags.system, flags.raw)
  const lines = createInterface({
    input: terminal.input,
    ...(interactive && { output: terminal.err, prompt: '> ' }),
    terminal: interactive,
  })
  // On a terminal readline gets Ctrl-C: it ends the answer under way or, without one, the conversation.
  let answering: AbortController | undefined
  lines.on('SIGINT', () => (answering ? answering.abort() : lines.close()))
  terminal.signal.addEventListener('abort', () => lines.close())

  if (interactive) printLine(terminal.err, note.dim(`${setup.model.description}\n/help tells what can be typed here`))
  if (setup.note) printLine(terminal.err, note.dim(setup.note))
  let last: GenerateResult | undefined
  lines.prompt()
  for await (const text of lines) {
    const line = readLine(text, flags.raw)
    if (line.type === 'say') {
      answering = new AbortController()
      const signal = AbortSignal.any([answering.signal, terminal.signal])
      last = (await answer(line.text, { flags, setup, sequence, conversation, terminal, signal })) ?? last
      answering = undefined
    } else if (line.type === 'command') {
      if (line.name === 'exit') break
      if (line.name === 'reset') conversation.reset()
      printLine(terminal.err, note.dim(reply(line.name, last)))
    } else if (line.type === 'unknown') {
      printLine(terminal.err, note.yellow(`There is no command /${line.name}; /help lists them.`))
    }
    if (terminal.signal.aborted) break
    lines.prompt()
  }
  lines.close()
  return terminal.signal.aborted ? exitCodes.interrupted : exitCodes.ok
}

function reply(command: 'stats' | 'reset' | 'help', last: GenerateResult | undefined): string {
  if (command === 'reset') return 'The conversation is forgotten.'
  if (command === 'stats') return last ? describeStats(last.stats) : 'There was no answer yet.'
  return Object.entries(slashCommands)
    .map(([name, what]) => `/${name}  ${what}`)
    .join('\n')
}

interface Turn {
  readonly flags: Flags
  readonly setup: Setup
  readonly sequence: Sequence
  readonly conversation: Conversation
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

/** One answer. @returns `undefined` when it was ended by Ctrl-C: what was said until then stays in the history. */
async function answer(text: string, turn: Turn): Promise<GenerateResult | undefined> {
  const { flags, setup, sequence, conversation, terminal, signal } = turn
  const paint = paintFor(terminal, 'out', flags.color)
  const progress = createPromptProgress(terminal)
  let said = ''
  try {
    for await (const event of generate({ ...setup.options, prompt: conversation.ask(text), sequence, signal })) {
      progress.see(event)
      said += event.text
      if (event.type === 'warning') printLine(terminal.err, `warning: ${event.warning.message}`)
      if (!flags.json) terminal.out.write(painted(event, paint))
      if (event.type !== 'finish') continue
      const { result } = event
      const { finishReason, seed, stats } = result
      printLine(terminal.out, flags.json ? JSON.stringify({ text: result.text, finishReason, seed, stats }) : '')
      conversation.answer(said)
      return result
    }
  } catch (error) {
    if (!signal.aborted) {
      conversation.withdraw()
      // The conversation can go on: with a shorter question, or after /reset.
      if (!ForetokenError.is(error, 'context-overflow')) throw error
      printLine(terminal.err, `${error.message.split(':')[0]}: /reset starts anew.`)
      return undefined
    }
    printLine(terminal.out)
    conversation.answer(said)
  } finally {
    progress.done()
  }
  return undefined
}
