import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/*
 * A Hub for tests, on this machine: the routes that clients use, large files on another host, and faults
 * at will.
 */

/** A repository: what is in its files, by their paths. */
export type Repo = Record<string, Uint8Array | string>

/** What goes wrong with one request. */
export interface Fault {
  /** Answer with this status instead. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Cut the connection after so many bytes of the body. */
  readonly cutAfter?: number
  /** Send nothing more after so many bytes, and leave the connection open. */
  readonly silentAfter?: number
  /** Send this content instead. */
  readonly content?: Uint8Array
}

/** A request that came in. */
export interface Seen {
  readonly host: 'hub' | 'cdn'
  readonly method: string
  readonly path: string
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly authorization: string | undefined
}

export interface TestHub {
  /** For `HF_ENDPOINT`. */
  readonly url: string
  readonly repos: Record<string, Repo>
  /** All requests, in their order. */
  readonly seen: Seen[]
  /** Asked before each request is answered. */
  fault: (request: Seen) => Fault | undefined
  /** Bytes of bodies that were sent from the other host. */
  sent: number
  /** The commit that a repository is at. */
  commitOf(repo: string): string
  close(): Promise<void>
}

export const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex')

/** What git calls a file. */
export function gitSha1(content: Uint8Array | string): string {
  const bytes = Buffer.from(content)
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

/** The Hub stores such files apart, and sends clients to another host for them. */
const isLarge = (path: string): boolean => /\.(gguf|onnx|onnx_data|safetensors|bin)$/.test(path)

export async function startTestHub(repos: Record<string, Repo>): Promise<TestHub> {
  const seen: Seen[] = []
  const hub: TestHub = {
    url: '',
    repos,
    seen,
    fault: () => undefined,
    sent: 0,
    commitOf: (repo) =>
      createHash('sha1')
        .update(
          Object.entries(repos[repo]!)
            .map(([path, content]) => `${path} ${sha256(content)}`)
            .join('\n'),
        )
        .digest('hex'),
    close: async () => {
      await Promise.all([front, back].map((server) => stop(server)))
    },
  }
  const answer =
    (host: Seen['host'], respond: (request: IncomingMessage, response: ServerResponse, fault: Fault) => void) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const { range, authorization, 'if-range': ifRange } = request.headers
      const entry = {
        host,
        method: request.method!,
        path: request.url!,
        range,
        ifRange: ifRange as string | undefined,
        authorization,
      }
      seen.push(entry)
      const fault = hub.fault(entry) ?? {}
      if (fault.status !== undefined) return void response.writeHead(fault.status, fault.headers).end('refused')
      respond(request, response, fault)
    }
  const back = createServer(answer('cdn', (request, response, fault) => fromCdn(hub, request, response, fault)))
  // Another name, for clients that look at that.
  const cdn = (await listen(back)).replace('127.0.0.1', 'localhost')
  const front = createServer(answer('hub', (request, response, fault) => fromHub(hub, cdn, request, response, fault)))
  return Object.assign(hub, { url: await listen(front) })
}

function fromHub(hub: TestHub, cdn: string, request: IncomingMessage, response: ServerResponse, fault: Fault): void {
  const { pathname } = new URL(request.url!, 'http://hub')
  const path = decodeURIComponent(pathname)
  const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(path)
  const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path)
  const [, name = '', ...rest] = api ?? file ?? []
  const repo = hub.repos[name]
  if (!repo) return void response.writeHead(401, { 'x-error-message': 'Invalid username or password.' }).end()
  const commit = hub.commitOf(name)
  const revision = api ? rest[1] : rest[0]
  // Of old commits this one has the new content: enough to be wrong with.
  if (revision !== 'main' && !/^[0-9a-f]{40}$/.test(revision!)) {
    return void response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end()
  }
  if (api) return json(response, rest[0] === 'revision' ? about(name, commit) : tree(repo))
  const content = repo[rest[1]!]
  if (content === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end()
  response.setHeader('x-repo-commit', commit)
  if (!isLarge(rest[1]!)) return send(hub, request, response, Buffer.from(content), `"${gitSha1(content)}"`, fault)
  response
    .writeHead(302, {
      location: `${cdn}/${name}/${rest[1]}?signed=1`,
      'x-linked-etag': fault.headers?.['x-linked-etag'] ?? `"${sha256(content)}"`,
      'x-linked-size': String(content.length),
      'content-length': '0',
    })
    .end()
}

function fromCdn(hub: TestHub, request: IncomingMessage, response: ServerResponse, fault: Fault): void {
  const [, name, path] = /^\/([^/]+\/[^/]+)\/([^?]+)/.exec(decodeURIComponent(request.url!))!
  const content = Buffer.from(fault.content ?? hub.repos[name!]![path!]!)
  // As S3 does: of the content, but not its SHA-256.
  send(hub, request, response, content, `"${createHash('md5').update(content).digest('hex')}"`, fault)
}

function send(
  hub: TestHub,
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  etag: string,
  fault: Fault,
): void {
  const { range, 'if-range': ifRange } = request.headers
  const [, first = '0', last] = /^bytes=(\d+)-(\d+)?$/.exec(range ?? '') ?? []
  const from = Number(first)
  if (from > 0 && from >= content.length) return void response.writeHead(416).end()
  const partial = range !== undefined && (ifRange === undefined || ifRange === etag)
  const to = Math.min(content.length, last === undefined ? Infinity : Number(last) + 1)
  const body = partial ? content.subarray(from, to) : content
  response.writeHead(partial ? 206 : 200, {
    etag,
    'content-length': String(body.length),
    'accept-ranges': 'bytes',
    ...(partial && { 'content-range': `bytes ${from}-${to - 1}/${content.length}` }),
  })
  if (request.method === 'HEAD') return void response.end()
  const end = fault.cutAfter ?? fault.silentAfter ?? body.length
  hub.sent += Math.min(end, body.length)
  if (end >= body.length) return void response.end(body)
  response.write(body.subarray(0, end), () => {
    if (fault.cutAfter !== undefined) response.destroy()
  })
}

function about(name: string, commit: string): object {
  return {
    _id: '1',
    id: name,
    sha: commit,
    private: false,
    gated: false,
    downloads: 0,
    likes: 0,
    lastModified: '2026-01-01T00:00:00.000Z',
  }
}

function tree(repo: Repo): object[] {
  return Object.entries(repo).map(([path, content]) => ({
    type: 'file',
    path,
    size: content.length,
    oid: gitSha1(content),
    ...(isLarge(path) && { lfs: { oid: sha256(content), size: content.length, pointerSize: 130 } }),
  }))
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

function listen(server: Server): Promise<string> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  })
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => void server.close(() => resolve()))
}
