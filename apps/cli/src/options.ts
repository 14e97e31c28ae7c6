import { automaticLength, confidenceLength, fixedLength, ForetokenError, type LengthPolicy } from '@foretoken/core'
import type { Gpu } from '@foretoken/backend-llama'
import type { LoadOptions as OnnxOptions } from '@foretoken/backend-onnx'
import { InvalidArgumentError, Option } from 'commander'
import { sizes } from './demo/sizes.js'
import { type Backend, backends } from './models/backend.js'

/*
 * Every option that more than one command has, so that it is called the same, means the same, and is refused in the
 * same words everywhere.
 */

export interface ModelFlags {
  readonly model?: string
  readonly draft?: string
  /** Default: by the name of each file. */
  readonly backend?: Backend
  /** Of GGUF models. */
  readonly gpu: Gpu
  /** Of ONNX models. */
  readonly device?: Device
  readonly threads?: number
  readonly context?: number
  /** Of the target, where it is a GGUF model. */
  readonly workers?: readonly string[]
  readonly split?: readonly number[]
}

export const modelOptions = (): Option[] => [
  new Option(
    '-m, --model <file>',
    'the target: a GGUF file, a folder with a model in ONNX, a name on the Hub (owner/repo:Q4_K_M), or a bundle (default: the demo target)',
  ).helpGroup(models),
  new Option(
    '-d, --draft <file>',
    'the draft model: a smaller one with the same vocabulary (default: that of the bundle)',
  ).helpGroup(models),
  new Option('--backend <name>', 'what runs the models (default: onnx for folders and .onnx files, else llama)')
    .choices(backends)
    .helpGroup(models),
  new Option('--gpu <kind>', 'for GGUF models: auto, metal, cuda, vulkan, or off')
    .default('auto')
    .argParser(parseGpu)
    .helpGroup(models),
  new Option('--device <kind>', 'for ONNX models (default: auto, the quickest of what works)')
    .choices(devices)
    .helpGroup(models),
  new Option('--threads <n>', 'processor threads of a pass (default: the physical cores)')
    .argParser(whole(1))
    .helpGroup(models),
  new Option('--context <tokens>', 'size of the context (default: as trained, at most 8192)')
    .argParser(whole(1))
    .helpGroup(models),
  new Option('--workers <list>', 'machines that compute a part of the target (a GGUF model): host:port,host:port')
    .argParser((text: string) => text.split(',').map((each) => each.trim()))
    .helpGroup(models),
  new Option('--split <list>', 'how many layers for each machine, in proportion: this one, then the workers: 1,2,2')
    .argParser(parseShares)
    .helpGroup(models),
]

export interface DraftingFlags {
  readonly strategy?: string
  readonly length: LengthPolicy
  readonly draftTemperature?: number
}

export const draftingOptions = (): Option[] => [
  new Option(
    '-s, --strategy <name>',
    'who drafts: auto, draft-model, prompt-lookup, suffix[:file], recycling, prediction:file, corpus:path, forced (what a format leaves no choice about), none, or a plugin file (./mine.ts); a|b: whichever pays more, a>b: b where a is silent, a+b: b goes on behind a (default: auto, which is suffix|draft-model if there is a draft, else suffix)',
  ).helpGroup(drafting),
  lengthOption().default(automaticLength(), 'auto'),
  new Option('--draft-temperature <t>', 'temperature of the draft (default: as the target)')
    .argParser(decimal(0, 100))
    .helpGroup(drafting),
]

/** Without a default. */
export function lengthOption(): Option {
  return new Option(
    '-l, --length <policy>',
    'tokens to draft in a round: auto (what pays), a number, or confidence[:threshold[:longest]]',
  )
    .argParser(parsed(parseLength))
    .helpGroup(drafting)
}

export interface LimitFlags {
  readonly maxTokens: number
  readonly stop?: readonly string[]
}

export const limitOptions = (maxTokens: number): Option[] => [
  new Option('-n, --max-tokens <n>', 'the most tokens to say').default(maxTokens).argParser(whole(1)).helpGroup(limits),
  new Option('--stop <text>', 'end the text before this; \\n and \\t are understood; may be repeated')
    .argParser(collect)
    .helpGroup(limits),
]

export const promptsOption = (): Option =>
  new Option(
    '--prompts <file>',
    'prompts of your own: a JSON array of texts, or of { "text", "id", "kind", "prediction" }',
  )

export const sizeOption = (standard: string): Option =>
  new Option('--size <size>', `inflate the models to this size; none: as they are (default: ${standard})`).choices(
    sizes,
  )

export const svgOption = (what: string): Option => new Option('--svg <file>', what)

export const jsonOption = (what: string): Option => new Option('--json', what)

export const colorOptions = (): Option[] => [
  new Option(
    '--color',
    'colour the text although nobody may be looking (default: on a terminal; NO_COLOR is respected)',
  ),
  new Option('--no-color', 'no colours'),
]

type Device = NonNullable<OnnxOptions['device']>

const devices: readonly Device[] = ['auto', 'cpu', 'coreml', 'webgpu', 'dml', 'cuda']

const models = 'Models:'
const drafting = 'Drafting:'
const limits = 'Limits:'

/**
 * `auto`, `4`, `fixed:4`, `confidence`, `confidence:0.5`, `confidence:0.5:12`.
 *
 * @throws `invalid-argument`
 */
export function parseLength(text: string): LengthPolicy {
  const [kind = '', ...numbers] = text.split(':')
  if (numbers.every(isNumeric)) {
    const [first, second, ...rest] = numbers.map(Number)
    if (kind === 'auto' && numbers.length === 0) return automaticLength()
    if (isNumeric(kind) && numbers.length === 0) return fixedLength(Number(kind))
    if (kind === 'fixed' && numbers.length === 1) return fixedLength(first!)
    if (kind === 'confidence' && rest.length === 0) {
      return confidenceLength({
        ...(first !== undefined && { threshold: first }),
        ...(second !== undefined && { max: second }),
      })
    }
  }
  throw new ForetokenError('invalid-argument', `${text} is no draft length: use auto, a number, or confidence:0.4:8.`)
}

/** An integer of at least `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!isNumeric(text) || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It must be a whole number, ${least} or more.`)
    }
    return value
  }
}

export function decimal(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!isNumeric(text) || !(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`)
    }
    return value
  }
}

/** More than `least`. */
export function above(least: number, most: number): (text: string) => number {
  const parse = decimal(least, most)
  return (text) => {
    const value = parse(text)
    if (value === least) throw new InvalidArgumentError(`It must be above ${least}, at most ${most}.`)
    return value
  }
}

function parseShares(text: string): number[] {
  const shares = text.split(',')
  if (shares.every((share) => isNumeric(share) && Number(share) >= 0)) return shares.map(Number)
  throw new InvalidArgumentError('Write numbers with commas between them, such as 1,2,2.')
}

function parseGpu(text: string): Gpu {
  if (text === 'auto' || text === 'metal' || text === 'cuda' || text === 'vulkan') return text
  if (text === 'off' || text === 'cpu' || text === 'false') return false
  throw new InvalidArgumentError('Use auto, metal, cuda, vulkan, or off.')
}

function collect(text: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), unescaped(text)]
}

/** What a shell makes awkward to type. */
export function unescaped(text: string): string {
  return text.replace(/\\([nt\\])/g, (_, letter: string) => ({ n: '\n', t: '\t', '\\': '\\' })[letter]!)
}

/** A parser that throws our errors, as one that throws commander's. */
export function parsed<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message)
    }
  }
}

export function isNumeric(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text))
}
