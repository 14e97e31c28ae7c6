import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterAll, describe, expect, it } from 'vitest'
import { playgroundFiles } from './files.js'

const folder = mkdtempSync(join(tmpdir(), 'foretoken-playground-'))
afterAll(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'assets'))
writeFileSync(join(folder, 'index.html'), '<!doctype html>')
writeFileSync(join(folder, 'assets', 'index-1234.js'), 'export {}')
writeFileSync(join(folder, 'secret.txt'), 'not a part of the page')

const app = new Hono().use(playgroundFiles(folder)).get('/v1/models', (c) => c.text('models'))

describe('the files of the playground', () => {
  it('are served with their types and a policy that lets nothing else in', async () => {
    const page = await app.request('/')
    expect(page.status).toBe(200)
    expect(await page.text()).toBe('<!doctype html>')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    const policy = page.headers.get('content-security-policy')!
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe|https?:|data:|\*/)
  })

  it('are kept for long when their name has a hash', async () => {
    const script = await app.request('/assets/index-1234.js')
    expect(script.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(script.headers.get('cache-control')).toContain('immutable')
  })

  it('are not sent again when they have not changed', async () => {
    const etag = (await app.request('/')).headers.get('etag')!
    const again = await app.request('/', { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
    expect(await again.text()).toBe('')
  })

  it('leave other paths to others', async () => {
    expect(await (await app.request('/v1/models')).text()).toBe('models')
    for (const path of ['/secret.txt', '/..%2fsecret', '/assets', '/nothing'])
      expect((await app.request(path)).status).toBe(404)
    expect((await app.request('/', { method: 'POST' })).status).toBe(404)
  })

  it('say how to make them when they are not there', async () => {
    const bare = new Hono().use(playgroundFiles(join(folder, 'none')))
    const answer = await bare.request('/')
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('npm run build')
  })
})
