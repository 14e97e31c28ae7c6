import { parseArgs } from 'node:util'
import { ForetokenError } from '@foretoken/core'
import { whole } from '../soak/options.js'

export interface Options {
  readonly replicas: number
  readonly clients: number
  readonly kills: number
  readonly conversations: number
  readonly turns: number
  readonly json: string | undefined
}

export const help = `Several \`foretoken serve\` with the demo pair behind nginx as deploy/ has it.

  npm run test:replicas -- [options]

  --replicas n        servers, each with one thread (default 2)
  --clients n         clients that stream all the time (default 20)
  --kills n           how often a replica gets SIGKILL, and is replaced (default 20)
  --conversations n   for the prefix caches: conversations, four at a time (default 24)
  --turns n           questions in each (default 4)
  --json file         everything that was counted

While clients stream, replicas are killed at random moments; in the end one gets SIGTERM. Every answer is held against
the one that a client alone gets. Then the same conversations go through the balancer by their beginning, and in turn:
how many tokens of their prompts had been read before?

Exit codes: 0 ok, 1 something was lost, said twice or wrong, 2 bad input.
`

const defaults = { replicas: 2, clients: 20, kills: 20, conversations: 24, turns: 4 }

/** @returns Nothing when help was asked for. @throws `invalid-argument` */
export function readOptions(args: readonly string[]): Options | undefined {
  const values = parsed(args)
  if (values.help) return undefined
  const count = (name: keyof typeof defaults, least: number): number => {
    const text = values[name]
    return text === undefined ? defaults[name] : whole(`--${name}`, text, least)
  }
  return {
    // With one there is none to go to.
    replicas: count('replicas', 2),
    clients: count('clients', 1),
    kills: count('kills', 1),
    conversations: count('conversations', 1),
    turns: count('turns', 2),
    json: values.json,
  }
}

function parsed(args: readonly string[]) {
  const text = { type: 'string' } as const
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ replicas: text, clients: text, kills: text, conversations: text, turns: text, json: text },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (cause) {
    throw new ForetokenError('invalid-argument', `${(cause as Error).message} --help lists the options.`, { cause })
  }
}
