import { existsSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { chromium } from 'playwright-core'
import { app, close } from './app.js'

/* Serves the application; with --check, as in CI, asks it what its page would ask, and ends. */

const checking = process.argv.includes('--check')
const server = serve({ fetch: app.fetch, port: checking ? 0 : 3000, hostname: '127.0.0.1' })
await new Promise((resolve) => server.once('listening', resolve))
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
console.log(url)
if (checking) {
  const parts = await ask()
  console.log(`${parts.join('')}\n\n${parts.length} parts over HTTP`)
  const shown = await inBrowser()
  server.close()
  await close()
  if (parts.length < 2 || (shown !== undefined && shown !== parts.join(''))) {
    console.error('Nothing was streamed, or the page shows another text: this must not be.')
    process.exitCode = 1
  }
}

/** @returns The parts in which the answer came. */
async function ask(): Promise<string[]> {
  const response = await fetch(`${url}chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Write a function that adds two numbers.' }] }),
  })
  const parts: string[] = []
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) parts.push(part)
  return parts
}

/** @returns What the page shows; nothing where there is no Chromium. */
async function inBrowser(): Promise<string | undefined> {
  const executablePath = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path))
  if (executablePath === undefined) {
    console.log('(no Chromium here: the page itself was not tried)')
    return undefined
  }
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  const page = await browser.newPage()
  await page.goto(url)
  await page.getByRole('button', { name: 'Send' }).click()
  await page.waitForSelector('form[data-done=yes]', { timeout: 30_000 })
  const text = await page.locator('pre').textContent()
  await browser.close()
  console.log('the same in a browser')
  return text ?? ''
}
