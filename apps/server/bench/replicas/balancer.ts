import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ForetokenError } from '@foretoken/core'

/** What is deployed: nothing but addresses is changed here. */
const files = fileURLToPath(new URL('../../../../deploy/helm/foretoken/files', import.meta.url))
const program = process.env.NGINX_PATH ?? '/usr/sbin/nginx'
const modules = process.env.NGINX_MODULES ?? '/usr/lib/nginx/modules'

/** Why there can be no balancer here, or `undefined`. */
export function noBalancer(): string | undefined {
  if (existsSync(program) && existsSync(join(modules, 'ngx_http_js_module.so'))) return undefined
  return `no nginx with njs: on Debian, apt-get install nginx libnginx-mod-http-js (looked for ${program} and ${modules}/ngx_http_js_module.so)`
}

/** A request that nginx passed on. */
export interface Passed {
  readonly path: string
  readonly status: number
  /** The status of each replica that was asked, in turn: 502 for one that was not there. */
  readonly tried: readonly number[]
}

export interface Balancer {
  readonly url: string
  /** The requests that have come to their end. */
  passed(): Promise<Passed[]>
  stop(): Promise<void>
}

export interface BalancerOptions {
  /** Where the replicas listen. */
  readonly urls: readonly string[]
  /** Each request to the next replica, whatever it goes on with: to compare with. */
  readonly inTurn?: boolean
}

/** nginx, as `deploy/` has it, in front of the replicas. @throws `runtime` when it does not start. */
export async function startBalancer({ urls, inTurn = false }: BalancerOptions): Promise<Balancer> {
  const folder = await mkdtemp(join(tmpdir(), 'foretoken-nginx-'))
  const port = await freePort()
  await cp(files, folder, { recursive: true })
  await symlink(modules, join(folder, 'modules'))
  const servers = urls.map((url) => `server ${new URL(url).host} max_fails=0;\n`)
  await writeFile(join(folder, 'replicas.conf'), servers.join(''))
  let config = await readFile(join(folder, 'nginx.conf'), 'utf8')
  const change = (from: string, to: string): void => {
    if (!config.includes(from)) throw new ForetokenError('runtime', `nginx.conf has no ${from} any more.`)
    config = config.replaceAll(from, to)
  }
  change('listen 8080', `listen 127.0.0.1:${port}`)
  change('/tmp/', `${folder}/`)
  const log = join(folder, 'access.log')
  change('/dev/stdout', log)
  if (inTurn) change('hash $conversation consistent;', '')
  await writeFile(join(folder, 'nginx.conf'), config)

  const child = spawn(program, ['-p', folder, '-c', 'nginx.conf', '-g', 'daemon off;'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'exit')
  const kill = (): void => void child.kill('SIGTERM')
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    kill()
    await ended
    process.off('exit', kill)
    await rm(folder, { recursive: true })
  }
  const url = `http://127.0.0.1:${port}`
  while (!(await answers(url))) {
    if (child.exitCode !== null) {
      await stop()
      throw new ForetokenError('runtime', `nginx did not start: ${said}`)
    }
    await setTimeout(20)
  }
  return {
    url,
    passed: async () => (await readFile(log, 'utf8')).split('\n').filter(isPassed).map(read),
    stop,
  }
}

/** Not what nginx answers itself, and no last line that is empty. */
const isPassed = (line: string): boolean => line !== '' && !line.endsWith('by - (-)')

function read(line: string): Passed {
  const [, path, status, tried] = /^\S+ \S+ \S+ (\S+) (\d+) \S+ by .* \((.*)\)$/.exec(line) ?? []
  if (path === undefined) throw new ForetokenError('runtime', `nginx logs what was not foreseen: ${line}`)
  return { path, status: Number(status), tried: tried!.split(/[,:] /).map(Number) }
}

/** Something that only nginx itself answers. */
async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/metrics`).then(
    ({ status }) => status === 404,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
