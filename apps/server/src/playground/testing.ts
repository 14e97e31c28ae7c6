import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { build } from 'vite'
import { playgroundFiles } from './files.js'

/* Tests only. */

export const chromiumPath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'
export const chromiumArgs = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** @returns why the page cannot be tested here */
export function noChromium(): string | undefined {
  return existsSync(chromiumPath) ? undefined : `there is no ${chromiumPath}: scripts/ensure-chromium.sh installs it`
}

/** Builds the page into a folder of its own. */
export async function buildPage(): Promise<{ readonly folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'foretoken-page-'))
  const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url))
  await build({ configFile, build: { outDir: folder }, logLevel: 'error' })
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}

/** What the scripted server says: each pass a line of `text|origin|refused|…` pieces. */
const SCRIPT = [
  ['const|plain'],
  [' total|accepted', ' =|accepted', ' 0|corrected| 1|;|\n'],
  ['\n|accepted', 'for|accepted', ' (|accepted', 'const|bonus'],
  [' value|corrected|\n'],
].map((pass) =>
  pass.map((piece) => {
    const [text, origin, ...refused] = piece.split('|') as [string, string, ...string[]]
    return { text, origin, ...(refused.length > 0 && { refused }) }
  }),
)

export interface Scripted {
  readonly url: string
  /** The bodies of the requests so far. */
  readonly requests: Record<string, unknown>[]
  /** Streams that were given up by the page. */
  aborted: number
  close(): Promise<void>
}

/**
 * A server whose every word is known beforehand. A prompt with `endless` in it never comes to its end, `broken` is refused
 * with an error, `silent` is answered with nothing, and `other` makes plain decoding say something else. With `key`, it asks
 * for that one.
 */
export async function scriptedServer(folder: string, key?: string): Promise<Scripted> {
  const app = new Hono()
  app.use('/v1/*', async (c, next) => {
    if (key !== undefined && c.req.header('authorization') !== `Bearer ${key}`)
      return c.json({ error: { message: 'The API key is wrong or missing.' } }, 401)
    return next()
  })
  app.get('/v1/models', (c) =>
    c.json({ data: [{ id: 'scripted-model', foretoken: { strategies: ['draft', 'lookup'] } }] }),
  )
  app.on('POST', ['/v1/completions', '/v1/chat/completions'], async (c) => {
    const body = await c.req.json<Record<string, unknown>>()
    const chat = c.req.path.includes('chat')
    requests.push({ ...body, path: c.req.path })
    const prompt = JSON.stringify(body.prompt ?? body.messages)
    if (prompt.includes('broken')) return c.json({ error: { message: 'The prompt is too long for this model.' } }, 400)
    const plainly = (body.speculative as { enabled: boolean }).enabled === false
    const passes = plainly
      ? SCRIPT.flat().map(({ text }) => [
          { text: prompt.includes('other') ? text.toUpperCase() : text, origin: 'plain' },
        ])
      : SCRIPT
    return streamSSE(c, async (stream) => {
      const say = (tokens: object[], text: string, more?: object): Promise<void> =>
        stream.writeSSE({
          data: JSON.stringify({
            choices: [chat ? { delta: { content: text } } : { text }],
            foretoken: { ...(tokens.length > 0 && { tokens }), ...more },
          }),
        })
      stream.onAbort(() => void server.aborted++)
      do {
        for (const pass of prompt.includes('silent') ? [] : passes) {
          for (const token of pass) await say([token], token.text)
          await stream.sleep(10)
        }
      } while (prompt.includes('endless') && !stream.aborted)
      const tokensPerSecond = plainly ? 20 : 50
      const stats = { strategy: 'draft', tau: 2.25, tokensPerSecond, decodeMs: 9000 / tokensPerSecond }
      await say([], '', { stats: { ...stats, drafted: plainly ? 0 : 7, accepted: 5, estimatedSpeedup: 2.1 } })
      await stream.writeSSE({ data: '[DONE]' })
    })
  })
  app.use(playgroundFiles(folder))

  const requests: Record<string, unknown>[] = []
  const http = createHttpServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const server: Scripted = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/`,
    requests,
    aborted: 0,
    close: () => {
      http.closeAllConnections()
      return new Promise((resolve) => http.close(() => resolve()))
    },
  }
  return server
}
