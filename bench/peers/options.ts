import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ForetokenError } from '../../packages/core/src/index.js'

export const peerNames = ['llama-speculative-simple', 'llama-server', 'node-llama-cpp', 'transformers.js'] as const
/** What we are called among them. */
export const ourName = 'foretoken'
export type PeerName = (typeof peerNames)[number]

export const sizes = ['none', '350m', '1.1b'] as const
export type Size = (typeof sizes)[number]

export interface Options {
  readonly size: Size
  readonly content: readonly string[]
  readonly prompts: number
  readonly maxTokens: number
  readonly threads: number
  readonly peers: readonly PeerName[]
  readonly temperature: number
  readonly json: string | undefined
  readonly html: string | undefined
}

export const help = `Foretoken beside what else can be had: the same files, prompts, threads and number of tokens, in turn.

  npm run bench:peers -- [options]

  --size none|350m|1.1b   how far the demo pair is inflated (default 350m; none: as it is)
  --content kinds         kinds of prompts, with commas (default code,edits,prose)
  --prompts n             prompts of each kind, at least 2; a quarter of them chooses the settings (default 8)
  --max-tokens n          tokens of each text (default 64)
  --threads n             threads of each program (default: one for each core)
  --peers names           ${peerNames.join(', ')}
                          (default: all; transformers.js not at 1.1b)
  --temperature t         0, the default, is greedy
  --json file             every run and what they come to
  --html file             the tables and a drawing

Example, about half an hour on two cores:

  npm run bench:peers -- --size 350m --content code,edits --prompts 8 --json peers.json --html peers.html

The first run builds llama.cpp (git, cmake, a C++ compiler; ten minutes and more) and installs transformers.js.
`

/** @returns Nothing when help was asked for. @throws `invalid-argument` */
export function readOptions(args: readonly string[]): Options | undefined {
  const values = parsed(args)
  if (values.help) return undefined
  const size = oneOf('--size', values.size, sizes)
  const all = peerNames.filter((name) => size !== '1.1b' || name !== 'transformers.js')
  const options = {
    size,
    content: list(values.content),
    prompts: atLeast('--prompts', values.prompts, 2),
    maxTokens: atLeast('--max-tokens', values['max-tokens'], 8),
    threads: atLeast('--threads', values.threads, 1),
    peers: values.peers === undefined ? all : list(values.peers).map((name) => oneOf('--peers', name, peerNames)),
    temperature: Number(values.temperature),
    json: values.json,
    html: values.html,
  }
  if (!(options.temperature >= 0)) throw invalid('--temperature', values.temperature, 'a number, 0 or more')
  if (options.content.length === 0) throw invalid('--content', values.content, 'kinds of prompts, such as code,edits')
  return options
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        size: { type: 'string', default: '350m' },
        content: { type: 'string', default: 'code,edits,prose' },
        prompts: { type: 'string', default: '8' },
        'max-tokens': { type: 'string', default: '64' },
        threads: { type: 'string', default: String(availableParallelism()) },
        peers: { type: 'string' },
        temperature: { type: 'string', default: '0' },
        json: { type: 'string' },
        html: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (cause) {
    throw new ForetokenError('invalid-argument', `${(cause as Error).message} --help lists the options.`, { cause })
  }
}

function list(text: string): string[] {
  return text.split(',').filter(Boolean)
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined) throw invalid(option, value, allowed.join(', '))
  return found
}

/** @throws `invalid-argument` */
export function atLeast(option: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw invalid(option, text, `a whole number, at least ${least}`)
  return value
}

export function invalid(option: string, value: string, wanted: string): ForetokenError {
  return new ForetokenError('invalid-argument', `${option} is ${value}: use ${wanted}.`)
}
