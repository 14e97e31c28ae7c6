import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A machine of its own, as far as the network goes: a network namespace. */
export interface Host {
  /** As `ip netns exec` takes it. */
  readonly name: string
  /** Where a worker on it listens, and where the near machine finds that one. */
  readonly listen: string
  readonly address: string
}

/** A near machine, and others that have a wire to it each. */
export interface Hosts {
  readonly near: Host
  readonly far: readonly Host[]
  /** Whether the kernel delays packets (`tc netem`); if not, a relay on each far host does so with what they carry. */
  readonly netem: boolean
  /** Makes each packet take so long, in each direction; a round trip takes twice that. */
  delay(ms: number): Promise<void>
  /** Cuts the wire to a far host, or mends it: neither end is told. */
  cut(host: Host, lost: boolean): Promise<void>
  remove(): Promise<void>
}

const ip = async (...args: string[]): Promise<void> => void (await run('ip', args))

/** Why there can be no namespaces here; nothing where there can. */
export async function noHosts(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'network namespaces are a matter of Linux'
  const name = `ft-try-${process.pid}`
  try {
    await ip('netns', 'add', name)
    await ip('-n', name, 'link', 'add', 'ft-a', 'type', 'veth', 'peer', 'name', 'ft-b')
    return undefined
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    return code === 'ENOENT' ? 'ip (iproute2) is not installed' : `ip netns does not work here: ${stderr?.trim()}`
  } finally {
    await ip('netns', 'del', name).catch(() => {})
  }
}

const port = 50_052
const relayFile = fileURLToPath(new URL('relay.ts', import.meta.url))

/** Makes the hosts; needs root. @param count How many far ones. */
export async function makeHosts(count: number): Promise<Hosts> {
  const nameOf = (name: string): string => `ft-${process.pid}-${name}`
  const near = nameOf('near')
  const names = Array.from({ length: count }, (_, i) => nameOf(`far${i + 1}`))
  const relays: ChildProcess[] = []
  const remove = async (): Promise<void> => {
    for (const relay of relays) relay.kill('SIGKILL')
    for (const name of [near, ...names]) await ip('netns', 'del', name).catch(() => {})
  }
  const delayDevice = (host: string, device: string, ms: number): Promise<unknown> => {
    const how = ['dev', device, 'root', 'netem', 'delay', `${ms}ms`, 'limit', '100000']
    return run('ip', ['netns', 'exec', host, 'tc', 'qdisc', 'replace', ...how])
  }
  let netem: boolean
  try {
    for (const name of [near, ...names]) {
      await ip('netns', 'add', name)
      await ip('-n', name, 'link', 'set', 'lo', 'up')
    }
    netem = await delayDevice(near, 'lo', 0).then(
      () => true,
      () => false,
    )
    for (const [i, name] of names.entries()) {
      await ip('-n', near, 'link', 'add', `ft${i}`, 'type', 'veth', 'peer', 'name', 'wire', 'netns', name)
      await ip('-n', near, 'address', 'add', `10.77.${i}.1/24`, 'dev', `ft${i}`)
      await ip('-n', name, 'address', 'add', `10.77.${i}.2/24`, 'dev', 'wire')
      await ip('-n', near, 'link', 'set', `ft${i}`, 'up')
      await ip('-n', name, 'link', 'set', 'wire', 'up')
      if (!netem) relays.push(await startRelay(name, `10.77.${i}.2`))
    }
  } catch (error) {
    await remove()
    throw error
  }
  const address = (i: number): string => `10.77.${i}.2:${port}`
  return {
    near: { name: near, listen: '', address: '' },
    far: names.map((name, i) => ({ name, address: address(i), listen: netem ? address(i) : `127.0.0.1:${port + 1}` })),
    netem,
    async delay(ms) {
      for (const relay of relays) relay.send(ms)
      if (!netem) return
      for (const [i, name] of names.entries()) {
        await delayDevice(near, `ft${i}`, ms)
        await delayDevice(name, 'wire', ms)
      }
    },
    cut: (host, lost) => ip('-n', host.name, 'link', 'set', 'wire', lost ? 'down' : 'up'),
    remove,
  }
}

async function startRelay(host: string, address: string): Promise<ChildProcess> {
  const program = [process.execPath, '--import', 'tsx', relayFile, address, String(port), String(port + 1)]
  const relay = spawn('ip', ['netns', 'exec', host, ...program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await once(relay, 'message')
  return relay
}
