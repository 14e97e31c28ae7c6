import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ForetokenError } from '../../packages/core/src/index.js'
import { atLeast, invalid, type Size, sizes } from '../peers/options.js'

export interface Options {
  readonly size: Size
  readonly clients: readonly number[]
  readonly rounds: number
  /** Of a round, whatever the number of clients. */
  readonly requests: number
  readonly maxTokens: number
  readonly threads: number
  readonly llamaServer: boolean
  readonly json: string | undefined
}

export const help = `What \`foretoken serve\` gives so many clients a second, with drafts and without, beside llama.cpp's llama-server.

  npm run bench:serve -- [options]

  --size none|350m|1.1b how far the demo pair is inflated, to F16 and Q4_0 (default 350m; none: as it is, to try this out)
  --clients list        concurrent clients, with commas (default 1,2,4,8)
  --rounds n            rounds that count, for each number of clients (default 6)
  --requests n          requests of a round, shared out among the clients (default: the largest number of clients)
  --max-tokens n        tokens of each answer (default 64)
  --threads n           threads of each program (default: one for each core)
  --skip-llama-server   ours alone
  --json file           every round and what they come to

Examples; the first takes an hour and more on two cores, much of it for llama-server's best setting:

  npm run bench:serve -- --size 350m --clients 1,2,4,8 --json serve.json
  npm run bench:serve -- --clients 2 --rounds 3 --skip-llama-server
  npm run bench:serve -- --size none --clients 4 --rounds 2

The first run builds llama.cpp (git, cmake, a C++ compiler; ten minutes and more).
`

/** @returns Nothing when help was asked for. @throws `invalid-argument` */
export function readOptions(args: readonly string[]): Options | undefined {
  const values = parsed(args)
  if (values.help) return undefined
  const size = sizes.find((one) => one === values.size)
  if (size === undefined) throw invalid('--size', values.size, sizes.join(', '))
  const clients = values.clients.split(',').map((text) => atLeast('--clients', text, 1))
  return {
    size,
    clients,
    rounds: atLeast('--rounds', values.rounds, 1),
    requests: values.requests === undefined ? Math.max(...clients) : atLeast('--requests', values.requests, 1),
    maxTokens: atLeast('--max-tokens', values['max-tokens'], 1),
    threads: atLeast('--threads', values.threads, 1),
    llamaServer: !values['skip-llama-server'],
    json: values.json,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        size: { type: 'string', default: '350m' },
        clients: { type: 'string', default: '1,2,4,8' },
        rounds: { type: 'string', default: '6' },
        requests: { type: 'string' },
        'max-tokens': { type: 'string', default: '64' },
        threads: { type: 'string', default: String(availableParallelism()) },
        'skip-llama-server': { type: 'boolean', default: false },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (cause) {
    throw new ForetokenError('invalid-argument', `${(cause as Error).message} --help lists the options.`, { cause })
  }
}
