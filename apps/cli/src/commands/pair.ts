import { Argument, Command, Option } from 'commander'
import { exitCodes, type ExitCode } from '../failure.js'
import { jsonOption, modelOptions } from '../options.js'
import type { Verdict } from '../pair/judge.js'
import { createPatientProgress } from '../terminal/progress.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { addOptions, type Run } from './command.js'

interface Flags {
  readonly draft?: readonly string[]
  readonly context?: number
  readonly json?: boolean
}

export function pairCommand(run: Run): Command {
  const command = new Command('pair')
    .description('finds drafts that fit a target: vocabulary, memory, and what they can gain; nothing is downloaded')
    .addArgument(new Argument('<target>', 'a GGUF file, a bundle, or a name on the Hub (owner/repo:Q4_K_M)'))
  addOptions(command, [
    new Option(
      '-d, --draft <file>',
      'a draft to look at besides: a GGUF file or a name on the Hub; may be repeated',
    ).argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]),
    modelOptions().find(({ long }) => long === '--context')!,
    jsonOption('print what was found as JSON'),
  ])
  return command
    .addHelpText(
      'after',
      `
It looks at the drafts that are known for the target's family, at --draft, and at the GGUF files beside the target and in
the Hub's cache. Of what is not on this machine it reads the heads alone, and compares the vocabularies token by token.

Examples:
  $ foretoken pair model.gguf
  $ foretoken pair Qwen/Qwen2.5-Coder-7B-Instruct-GGUF:Q4_K_M
  $ foretoken pair large.gguf --draft small.gguf --draft owner/repo:Q4_0 --context 4096

  HF_TOKEN, HF_ENDPOINT, HF_HUB_CACHE, HF_HUB_OFFLINE=1: as for pull

Exit codes: 0 ok, 1 no draft fits, 2 a file cannot be read, 130 interrupted.`,
    )
    .action((target: string, flags: Flags) => run((terminal) => runPair(target, flags, terminal)))
}

async function runPair(text: string, { draft = [], context, json }: Flags, terminal: Terminal): Promise<ExitCode> {
  const [{ hubSettings }, { judge }, { nextCommands, verdictLines }] = await Promise.all([
    import('@foretoken/hub'),
    import('../pair/judge.js'),
    import('../pair/lines.js'),
  ])
  const progress = createPatientProgress(terminal, 'reading the heads of models')
  let verdict: Verdict
  try {
    verdict = await judge(text, {
      drafts: draft,
      context,
      hub: {
        ...hubSettings({}, terminal.env),
        signal: terminal.signal,
        onNotice: (notice) => printLine(terminal.err, notice),
      },
      onProgress: (fraction) => progress.update(fraction),
    })
  } finally {
    progress.done()
  }
  if (json) {
    printJson(terminal.out, { ...asJson(verdict), next: nextCommands(verdict) })
  } else {
    const paint = paintFor(terminal, 'out')
    for (const line of verdictLines(verdict, paint)) printLine(terminal.out, line)
    for (const [i, line] of nextCommands(verdict).entries()) {
      if (i === 0) printLine(terminal.err)
      printLine(terminal.err, `${i === 0 ? 'next:' : '     '} ${line}`)
    }
  }
  return verdict.fits.some(({ roomy }) => roomy) ? exitCodes.ok : exitCodes.failed
}

function asJson({ target, family, ...found }: Verdict): object {
  const { name, path, here } = target.model
  return {
    target: { name, path, here, info: target.info },
    family: family && { title: family.title, sources: family.sources, accepted: family.accepted },
    ...found,
  }
}
