import { parseArgs } from 'node:util'
import { ForetokenError } from '@foretoken/core'

export interface Options {
  readonly clients: number
  readonly minutes: number
  /** Of the server. */
  readonly parallel: number
  readonly queue: number
  readonly json: string | undefined
}

export const help = `Many clients at once on \`foretoken serve\` with the demo pair, for a while, and what became of their answers.

  npm run soak:serve -- [options]

  --clients n    clients, each with one request at a time (default 200)
  --minutes n    how long (default 5)
  --parallel n   texts under way at once in the server (default 8)
  --queue n      requests that may wait there; others get 429 and come again (default: one for each client)
  --json file    everything that was counted

Every answer is held against the one that the same server gives to the same request when it is alone. Now and then a
client goes away in the middle, sends malformed JSON or a wrong key, or asks for more than the context holds. In the
end the server gets SIGTERM while all are asking.

Examples:

  npm run soak:serve -- --clients 200 --minutes 5
  npm run soak:serve -- --clients 200 --minutes 5 --queue 32 --json soak.json

Exit codes: 0 ok, 1 something was lost, wrong or left hanging, 2 bad input.
`

/** @returns Nothing when help was asked for. @throws `invalid-argument` */
export function readOptions(args: readonly string[]): Options | undefined {
  const values = parsed(args)
  if (values.help) return undefined
  const clients = whole('--clients', values.clients, 1)
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw invalid('--minutes', values.minutes, 'a number above 0')
  return {
    clients,
    minutes,
    parallel: whole('--parallel', values.parallel, 1),
    queue: values.queue === undefined ? clients : whole('--queue', values.queue, 0),
    json: values.json,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        clients: { type: 'string', default: '200' },
        minutes: { type: 'string', default: '5' },
        parallel: { type: 'string', default: '8' },
        queue: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (cause) {
    throw new ForetokenError('invalid-argument', `${(cause as Error).message} --help lists the options.`, { cause })
  }
}

export function whole(option: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least) throw invalid(option, text, `a whole number, at least ${least}`)
  return value
}

function invalid(option: string, value: string, wanted: string): ForetokenError {
  return new ForetokenError('invalid-argument', `${option} is ${value}: use ${wanted}.`)
}
