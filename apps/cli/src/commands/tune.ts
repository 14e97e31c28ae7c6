import { ForetokenError } from '@foretoken/core'
import { Command } from 'commander'
import { noteOn, prepare } from '../demo/prepare.js'
import type { Size } from '../demo/sizes.js'
import { exitCodes, type ExitCode } from '../failure.js'
import { freshShare } from '../measure/fresh.js'
import { tokensPerSecond } from '../measure/decode.js'
import { findModels } from '../models/find.js'
import { isLlama, type LoadedModel, openModel, openTarget } from '../models/load.js'
import { builtInPrompts, type KindedPrompt, promptsFrom } from '../models/prompts.js'
import { jsonOption, type ModelFlags, modelOptions, promptsOption, sizeOption, svgOption } from '../options.js'
import { save } from '../save.js'
import { createProgress } from '../terminal/progress.js'
import { paintFor, printJson, printLine, type Terminal } from '../terminal/terminal.js'
import { tuneDrawing } from '../tune/draw.js'
import { kernelsHint } from '../tune/kernels-hint.js'
import { allowanceLines, prospectLines } from '../tune/lines.js'
import { allowance, prospects, type StrategyProspect, type TextReport } from '../tune/report.js'
import { type SaidText, sayTexts } from '../tune/said.js'
import { tryAll } from '../tune/try-all.js'
import { addOptions, type Run } from './command.js'

interface Flags extends ModelFlags {
  readonly size?: Size
  readonly prompts?: string
  readonly svg?: string
  readonly json?: boolean
}

/** Kinds of prompts that differ in how easily the text after them is foreseen. */
const kinds = ['code', 'chat', 'edits']

export function tuneCommand(run: Run): Command {
  const command = new Command('tune').description(
    'what speculation can gain on this machine with these models, and why, in less than a minute',
  )
  addOptions(command, [
    sizeOption('350m for the demo models'),
    promptsOption(),
    svgOption('draw T(n) and the gain over the acceptance into an SVG file'),
    jsonOption('print the measurements as JSON'),
    ...modelOptions(),
  ])
  return command
    .addHelpText(
      'after',
      `
It times passes over 1 to 16 tokens, lets the target say a few short texts once, and lets each strategy draft along
them. What it measures of passes is kept for later loads, which choose draft lengths by it.

Examples:
  $ foretoken tune
  $ foretoken tune -m target.gguf -d draft.gguf --svg tune.svg
  $ foretoken tune -m target.gguf --prompts prompts.json --json

Exit codes: 0 ok, 1 the run failed, 2 bad input, 130 interrupted.`,
    )
    .action((flags: Flags) => run((terminal) => runTune(flags, terminal)))
}

async function runTune(flags: Flags, terminal: Terminal): Promise<ExitCode> {
  const files = await findModels(flags, terminal)
  const prompts = flags.prompts ? await promptsFrom(flags.prompts) : await shortest()
  const prepared = await prepare(files, flags.size ?? (files.demo ? undefined : 'none'), terminal)
  const fresh = { calibrate: 'fresh' } as const
  const target = await openTarget(prepared.target, flags, terminal, fresh)
  let draft: LoadedModel | undefined
  try {
    if (prepared.draft !== undefined) {
      draft = await openModel(prepared.draft, flags, terminal, fresh)
      await mustPair(target, draft)
    }
    await tune({ target, draft, prompts, note: noteOn(files.demo, prepared) }, flags, terminal)
    return exitCodes.ok
  } finally {
    await draft?.dispose()
    await target.dispose()
  }
}

interface Tuned {
  readonly target: LoadedModel
  readonly draft: LoadedModel | undefined
  readonly prompts: readonly KindedPrompt[]
  readonly note: string | undefined
}

async function tune({ target, draft, prompts, note }: Tuned, { json, svg }: Flags, terminal: Terminal): Promise<void> {
  const paint = paintFor(terminal, 'out')
  // Told as it is found out, so that an impatient reader has the first half.
  const tell = (lines: readonly string[]): void => {
    if (!json) for (const line of lines) printLine(terminal.out, line)
  }
  const allowed = allowance(target, draft)
  const kernels = isLlama(target) ? await kernelsHint(target) : undefined
  if (svg) await save(svg, tuneDrawing(allowed))
  tell([...allowanceLines(allowed, paint), ...(kernels ? ['', kernels] : []), ''])

  const texts = await said(target, prompts, allowed.passes[0]!.ms, terminal)
  const text = textReport(texts)
  const trials = await tryAll(draft, { target, texts, signal: terminal.signal })
  const strategies: StrategyProspect[] = prospects(trials, allowed)
  tell([
    ...prospectLines(strategies, { ...text, passMs: allowed.passes[0]!.ms }, paint),
    ...(note ? ['', paint.dim(note)] : []),
  ])
  if (json) printJson(terminal.out, { ...allowed, kernels, text, strategies, note })
}

async function said(
  target: LoadedModel,
  prompts: readonly KindedPrompt[],
  passMs: number,
  terminal: Terminal,
): Promise<SaidText[]> {
  const progress = createProgress(terminal, 'saying texts to try strategies on')
  const texts = await sayTexts(target, prompts, {
    passMs,
    signal: terminal.signal,
    onProgress: (fraction) => progress.update(fraction),
  })
  progress.done()
  return texts
}

function textReport(texts: readonly SaidText[]): TextReport {
  const tokens = texts.map((text) => text.tokens)
  return {
    texts: texts.length,
    tokens: tokens.flat().length,
    tokensPerSecond: tokensPerSecond(texts.map((text) => ({ tokens: text.tokens.length, ms: text.ms }))),
    fresh: freshShare(tokens),
  }
}

/** The shortest prompt of each kind: reading takes time too. */
async function shortest(): Promise<KindedPrompt[]> {
  const all = await builtInPrompts(kinds)
  return kinds.map((kind) =>
    all.filter((prompt) => prompt.kind === kind).reduce((a, b) => (b.text.length < a.text.length ? b : a)),
  )
}

/** @throws `vocabulary-mismatch`, before time is spent. */
async function mustPair(target: LoadedModel, draft: LoadedModel): Promise<void> {
  // Of others the strategy says so, somewhat later.
  if (!isLlama(target) || !isLlama(draft)) return
  const { checkPair } = await import('@foretoken/backend-llama')
  const { ok, reasons } = checkPair(target.info, draft.info)
  if (!ok) throw new ForetokenError('vocabulary-mismatch', reasons[0]!)
}
