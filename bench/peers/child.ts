import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { ForetokenError } from '../../packages/core/src/index.js'
import type { Contender, Decoding, Peer, Setting, Setup } from './contender.js'

/** What a peer's own process is asked. */
export interface Order {
  readonly setting: string
  readonly prompt: string
}

export type Answer = { readonly decoding: Decoding } | { readonly error: string }

/**
 * A library in a process of its own, so that what it loads, and how it ends, is no matter of ours. One process serves all
 * settings: it starts with the first prompt.
 *
 * @param module The program: it calls {@link serve}.
 */
export function peerInChild(name: string, module: URL, settings: readonly Setting[], setup: Setup): Peer {
  let child: Child | undefined
  const contenders = settings.map((setting): Contender => ({
    ...setting,
    peer: name,
    async decode(prompt) {
      if (!child || hasEnded(child.process)) child = start(module, setup)
      return ask(name, child, { setting: setting.name, prompt }, setup.signal)
    },
  }))
  return {
    name,
    contenders,
    async close() {
      if (!child || hasEnded(child.process)) return
      child.process.kill()
      await once(child.process, 'exit')
    },
  }
}

interface Child {
  readonly process: ChildProcess
  /** The last of what it wrote. */
  readonly log: () => string
}

function start(module: URL, { signal, ...setup }: Setup): Child {
  const child = fork(fileURLToPath(module), [JSON.stringify(setup)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    signal,
  })
  // Aborting reports an error here; whoever waits hears of it by the end of the process.
  child.on('error', () => {})
  let log = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-2000)))
  return { process: child, log: () => log }
}

async function ask(name: string, { process, log }: Child, order: Order, signal: AbortSignal): Promise<Decoding> {
  const done = new AbortController()
  try {
    process.send(order)
    const [answer] = (await Promise.race([
      once(process, 'message', { signal: done.signal }),
      once(process, 'exit', { signal: done.signal }).then(() => [undefined]),
    ])) as [Answer | undefined]
    signal.throwIfAborted()
    if (answer && 'decoding' in answer) return answer.decoding
    throw new ForetokenError('runtime', `${name} failed: ${answer?.error ?? (log().trim() || 'its process ended')}`)
  } finally {
    done.abort()
  }
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}
