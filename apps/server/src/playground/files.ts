import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { MiddlewareHandler } from 'hono'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The page's own files and its own server, and nothing else in the world. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

interface File {
  readonly body: Uint8Array<ArrayBuffer>
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Answers `GET /` and what the page loads; all other paths are left to whoever comes next. The files are read once, here.
 *
 * @param folder where `vite build` has put the page. Without the files, `/` says how to make them.
 */
export function playgroundFiles(folder = builtFolder()): MiddlewareHandler {
  const files = readFiles(folder)
  return async (c, next) => {
    const { method, path } = c.req
    const file = method === 'GET' || method === 'HEAD' ? files.get(path === '/' ? '/index.html' : path) : undefined
    if (file) {
      const known = c.req.header('if-none-match') === file.headers.etag
      return known ? c.body(null, 304, file.headers) : c.body(file.body, 200, file.headers)
    }
    if (path === '/' && files.size === 0) {
      return c.text('The playground is not built. Run `npm run build`, and start the server again.\n', 404)
    }
    return next()
  }
}

function readFiles(folder: string): ReadonlyMap<string, File> {
  const files = new Map<string, File>()
  for (const name of list(folder)) {
    const type = TYPES[extname(name)]
    if (type === undefined) continue
    const body = new Uint8Array(readFileSync(join(folder, name)))
    const path = `/${name.split(sep).join('/')}`
    files.set(path, {
      body,
      headers: {
        'content-type': type,
        etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
        // What is in assets/ has its hash in its name.
        'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      },
    })
  }
  return files
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** `dist/playground`, from the built package and from its sources alike. */
function builtFolder(): string {
  const here = import.meta.url
  return fileURLToPath(new URL(here.endsWith('.ts') ? '../../dist/playground/' : './playground/', here))
}
