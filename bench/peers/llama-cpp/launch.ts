import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ForetokenError } from '../../../packages/core/src/index.js'
import type { Setup } from '../contender.js'
import type { LlamaCppSetting } from './settings.js'

export interface LaunchOptions extends Pick<Setup, 'target' | 'draft' | 'threads' | 'signal'> {
  /** Tokens that each slot holds. */
  readonly contextSize: number
  /** How many texts may be under way at once. */
  readonly slots: number
}

/** llama.cpp's server, ready for requests. */
export interface LlamaServer {
  readonly address: string
  /** The last of what it wrote. */
  log(): string
  stop(): Promise<void>
}

/**
 * @param bin The folder of llama.cpp's programs.
 * @throws `runtime` when it does not start.
 */
export async function launchLlamaServer(
  bin: string,
  options: LaunchOptions,
  setting: LlamaCppSetting,
): Promise<LlamaServer> {
  const port = await freePort()
  const { threads, signal, contextSize, slots } = options
  const flags = {
    '-m': options.target,
    ...(setting.needsDraft && { '-md': options.draft, '-td': threads }),
    // It is shared out among the slots.
    '-c': contextSize * slots,
    '-t': threads,
    '-np': slots,
    // Nothing is kept of texts that have lost their slot.
    '--cache-ram': 0,
    '--host': '127.0.0.1',
    '--port': port,
  }
  const args = [
    ...setting.args,
    '--offline',
    '--no-ui',
    ...Object.entries(flags).flatMap(([key, value]) => [key, `${value}`]),
  ]
  const child = spawn(join(bin, 'llama-server'), args, { stdio: ['ignore', 'ignore', 'pipe'], signal })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log = (log + text).slice(-2000)))
  let failure: Error | undefined
  child.on('error', (error) => (failure = error))

  const address = `http://127.0.0.1:${port}`
  while (!(await isUp(address))) {
    signal.throwIfAborted()
    if (failure || child.exitCode !== null) {
      throw new ForetokenError('runtime', `llama-server (${setting.name}) did not start: ${failure?.message ?? log}`)
    }
    await setTimeout(50)
  }
  return { address, log: () => log, stop: () => stop(child) }
}

async function isUp(address: string): Promise<boolean> {
  const response = await fetch(`${address}/health`).catch(() => undefined)
  await response?.text()
  return response?.ok === true
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}
