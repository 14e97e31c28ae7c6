import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A holder says this often that it is alive, in milliseconds; after a minute of silence it counts as dead. */
const beat = 5000
const silence = 60_000

export interface LockOptions {
  readonly signal: AbortSignal | undefined
  /** Called once, when another process holds it. */
  readonly onWait: () => void
}

/**
 * Runs `work` while no other process does so under the same lock. What a lock guards must stay sound without it: file
 * systems that forget and machines that sleep break every lock. Here it saves doing the same download twice.
 */
export async function withLock<T>(path: string, { signal, onWait }: LockOptions, work: () => Promise<T>): Promise<T> {
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), token: randomBytes(8).toString('hex') })
  await mkdir(dirname(path), { recursive: true })
  let waited = false
  for (let pause = 50; !(await take(path, mine)); pause = Math.min(1000, 2 * pause)) {
    if (!waited) onWait()
    waited = true
    await sleep(pause, undefined, { ...(signal && { signal }) }).catch(() => signal?.throwIfAborted())
  }
  const beating = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), beat)
  beating.unref()
  try {
    return await work()
  } finally {
    clearInterval(beating)
    if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true })
  }
}

async function take(path: string, mine: string): Promise<boolean> {
  try {
    await writeFile(path, mine, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const holder = await readFile(path, 'utf8').catch(() => undefined)
  if (holder !== undefined && (await isDead(path, holder))) await clear(path, holder)
  return false
}

async function isDead(path: string, holder: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (found && Date.now() - found.mtimeMs > silence) return true
  try {
    const { pid, host } = JSON.parse(holder) as { pid: number; host: string }
    if (host === hostname() && Number.isSafeInteger(pid)) process.kill(pid, 0)
    return false
  } catch (error) {
    // Half written is not dead: its holder may be at it.
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Takes a dead lock out of the way. Another process may have done so, and hold it by now: then it goes back. */
async function clear(path: string, dead: string): Promise<void> {
  const aside = `${path}.${randomBytes(4).toString('hex')}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8').catch(() => dead)) !== dead) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}
