import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { demoServers } from '../http/testing.js'
import { playgroundFiles } from './files.js'
import { buildPage, chromiumArgs, chromiumPath, noChromium, type Scripted, scriptedServer } from './testing.js'

const reason = noChromium()
if (reason) console.log(`The page is not tested: ${reason}.`)

describe.skipIf(reason !== undefined)('the page', () => {
  let browser: Browser
  let built: Awaited<ReturnType<typeof buildPage>>
  let server: Scripted
  let complaints: string[] = []

  beforeAll(async () => {
    built = await buildPage()
    server = await scriptedServer(built.folder)
    browser = await chromium.launch({ executablePath: chromiumPath, args: chromiumArgs })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
    built?.remove()
  })
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close()
    // Among others what the content security policy has refused.
    const found = complaints
    complaints = []
    if (found.length > 0) throw new Error(`The page complains: ${found.join('; ')}`)
  })

  async function open(options: BrowserContextOptions = {}, url = server.url): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage()
    // Well below a test's own limit, so that a failure tells what was waited for.
    page.setDefaultTimeout(20_000)
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      const expected = message.text().startsWith('Failed to load resource')
      if (message.type() === 'error' && !expected) complaints.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith(url)) complaints.push(`The page asks elsewhere: ${request.url()}`)
    })
    await page.goto(url)
    return page
  }

  const ended = (page: Page): Promise<void> => page.locator('#go[data-running=false]').waitFor()
  const prompt = (page: Page) => page.getByRole('textbox', { name: 'Prompt' })
  const lane = (page: Page, name: string) => page.locator(`section[aria-label="${name}"]`)
  const origins = (page: Page, name: string) =>
    lane(page, name)
      .locator('.text .token')
      .evaluateAll((tokens) => tokens.map((token) => token.getAttribute('data-origin')![0]).join(''))

  it('runs a prompt on Enter and colours its tokens by origin', async () => {
    const page = await open()
    await prompt(page).fill('sum')
    await prompt(page).press('Enter')
    await page.locator('#status', { hasText: 'Done' }).waitFor({ state: 'attached' })
    expect(await origins(page, 'Speculative')).toBe('paacaaabc')
    expect(await lane(page, 'Speculative').locator('.round').allTextContents()).toEqual([
      'const',
      ' total = 0',
      '\nfor (const',
      ' value',
    ])
    const lines = await lane(page, 'Speculative')
      .locator('.text .token')
      .evaluateAll((tokens) =>
        tokens.map(
          (token) =>
            `${token.getAttribute('data-origin')} ${token.ownerDocument.defaultView!.getComputedStyle(token).borderBottomStyle}`,
        ),
      )
    expect(new Set(lines)).toEqual(new Set(['plain dotted', 'accepted solid', 'corrected dashed', 'bonus double']))
    expect(await page.locator('.figures .value').allTextContents()).toEqual(['50', '2.10×', '2.25', 'draft'])
    expect(await page.getByText('estimated by the server').count()).toBe(1)
    expect(await page.locator('.bars svg').getAttribute('aria-label')).toBe(
      '1st guess 67%, 2nd guess 100%, 3rd guess 50%',
    )
    expect(await page.locator('.skyline').getAttribute('aria-label')).toBe('Passes of the target: 4 for 9 tokens.')
    expect(server.requests.at(-1)).toMatchObject({
      model: 'scripted-model',
      prompt: 'sum',
      stream: true,
      speculative: { trace: true, enabled: true },
    })
  })

  it('strikes a refused guess out before its correction, and keeps it out of the text', async () => {
    const page = await open()
    await prompt(page).fill('sum')
    await prompt(page).press('Enter')
    await page.locator('#status', { hasText: 'Done' }).waitFor({ state: 'attached' })
    const drawn = await page.locator('.text .refused').evaluateAll((guesses) =>
      guesses.map((guess) => {
        const style = (part?: string) => guess.ownerDocument.defaultView!.getComputedStyle(guess, part)
        const next = guess.nextElementSibling!.getAttribute('data-origin')
        return [style('::before').content, style().textDecorationLine, next]
      }),
    )
    expect(drawn).toEqual([
      ['" 1"', 'line-through', 'corrected'],
      ['"↵"', 'line-through', 'corrected'],
    ])
    const copied = "getSelection().selectAllChildren(document.querySelector('.lane .text')), getSelection().toString()"
    expect(await page.evaluate(copied)).toBe('sumconst total = 0\nfor (const value')
    expect(await page.locator('.lane .text').ariaSnapshot()).not.toContain('1')
    expect(await page.getByRole('list', { name: 'What the colours mean' }).locator('s').allTextContents()).toEqual([
      'Refused',
      'one',
    ])
  })

  it('keeps Enter for new lines once there are several, and runs on Ctrl+Enter', async () => {
    const page = await open()
    await prompt(page).fill('one')
    await prompt(page).press('Shift+Enter')
    await prompt(page).pressSequentially('two')
    await prompt(page).press('Enter')
    expect(await prompt(page).inputValue()).toBe('one\ntwo\n')
    await prompt(page).press('Control+Enter')
    await page.locator('#status', { hasText: 'Done' }).waitFor({ state: 'attached' })
    expect(server.requests.at(-1)!.prompt).toBe('one\ntwo\n')
  })

  it('runs plain and speculative side by side, measures, and compares the texts', async () => {
    const page = await open()
    await page.getByText('side by side').click()
    await prompt(page).fill('sum')
    await prompt(page).press('Enter')
    await page.getByText('The texts are the same, all 32 characters').first().waitFor()
    expect(await page.locator('.factor').textContent()).toBe('2.50× the speed of plain decoding, measured')
    expect(await page.locator('.saved').textContent()).toBe('4 passes of the target instead of 9.')
    expect(await origins(page, 'Plain')).toBe('ppppppppp')
    expect(await origins(page, 'Speculative')).toBe('paacaaabc')
    const [plain, speculative] = server.requests.slice(-2)
    expect(plain).toMatchObject({ speculative: { enabled: false } })
    expect({ ...plain, speculative: 0 }).toEqual({ ...speculative, speculative: 0 })
  })

  it('says so when the texts are not the same', async () => {
    const page = await open()
    await page.getByText('side by side').click()
    await prompt(page).fill('other')
    await prompt(page).press('Enter')
    await page.getByText('The texts part after 0 characters').first().waitFor()
  })

  it('compares nothing when the model says nothing', async () => {
    const page = await open()
    await page.getByText('side by side').click()
    await prompt(page).fill('silent')
    await prompt(page).press('Enter')
    await page.locator('.factor', { hasText: 'The model ended its text at once' }).waitFor()
    expect(await page.locator('.verdict').textContent()).toBe('The model ended its text at once')
  })

  it('stops on Escape and by its button, and can run again', async () => {
    const page = await open()
    const before = server.aborted
    await prompt(page).fill('endless')
    await prompt(page).press('Enter')
    await page.locator('.lane .token').nth(20).waitFor()
    await page.keyboard.press('Escape')
    await ended(page)
    expect(await page.locator('#status').textContent()).toBe('Stopped.')
    expect(await page.locator('#error').isVisible()).toBe(false)
    await expect.poll(() => server.aborted).toBe(before + 1)

    await page.getByRole('button', { name: 'Run' }).click()
    await page.locator('.lane .token').nth(5).waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await ended(page)
    await expect.poll(() => server.aborted).toBe(before + 2)
  })

  it('shows what the server refuses, and an empty prompt', async () => {
    const page = await open()
    await page.getByRole('button', { name: 'Run' }).click()
    expect(await page.getByRole('alert').textContent()).toContain('Type a prompt first')
    await prompt(page).fill('broken')
    await prompt(page).press('Enter')
    await page.getByRole('alert').getByText('The prompt is too long for this model.').waitFor()
    await ended(page)
  })

  it('asks for the API key, and keeps it for the tab alone', async () => {
    const closed = await scriptedServer(built.folder, 'k-1')
    try {
      const page = await open({}, closed.url)
      await prompt(page).fill('sum')
      await prompt(page).press('Enter')
      await page.getByRole('alert').getByText('Enter an API key in the settings').waitFor()
      await page.keyboard.type('k-1')
      await page.keyboard.press('Enter')
      await page.locator('#status', { hasText: 'Done' }).waitFor({ state: 'attached' })
      await page.reload()
      expect(await page.getByLabel('API key').inputValue()).toBe('k-1')
    } finally {
      await closed.close()
    }
  })

  it('sends what the settings say', async () => {
    const page = await open()
    await page.getByText('Settings', { exact: true }).click()
    await page.getByLabel('Temperature').fill('0.7')
    await page.getByLabel('Max tokens').fill('12')
    await page.getByLabel('Seed').fill('42')
    await page.getByLabel('Strategy').selectOption('lookup')
    await page.getByLabel('Longest draft').fill('3')
    await page.getByLabel('Prompt is').selectOption('chat')
    await prompt(page).fill('hello')
    await prompt(page).press('Enter')
    await page.locator('#status', { hasText: 'Done' }).waitFor({ state: 'attached' })
    expect(server.requests.at(-1)).toMatchObject({
      path: '/v1/chat/completions',
      messages: [{ role: 'user', content: 'hello' }],
      temperature: 0.7,
      max_completion_tokens: 12,
      seed: 42,
      speculative: { trace: true, enabled: true, strategy: 'lookup', maxDraft: 3 },
    })
  })

  it('tells the pass of a token that is pointed at, or stepped to with the keys alone', async () => {
    const page = await open()
    await page.keyboard.type('sum')
    await page.keyboard.press('Enter')
    await page.locator('#status', { hasText: 'Done' }).waitFor({ state: 'attached' })
    const inspector = page.locator('.inspector')
    await page.locator('.lane .token', { hasText: 'total' }).hover()
    expect(await inspector.textContent()).toBe(
      '“ total”, accepted. Pass 2: 2 guesses accepted, the next one “ 1” refused and corrected by the target, 2 more after it dropped.',
    )
    for (let i = 0; i < 20; i++) {
      await page.keyboard.press('Tab')
      if ((await page.locator('.text:focus').count()) > 0) break
    }
    await page.keyboard.press('Home')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('End')
    expect(await inspector.textContent()).toBe(
      '“ value”, corrected. Pass 4: the first guess “↵” refused and corrected by the target.',
    )
    expect(await page.locator('#status').textContent()).toBe(await inspector.textContent())
    expect(await page.locator('.pass.selected').getAttribute('data-round')).toBe('3')
  })

  it.each(['empty', 'speculative', 'side by side'])('fits a phone without scrolling sideways: %s', async (what) => {
    const page = await open({ viewport: { width: 360, height: 740 } })
    if (what === 'side by side') await page.getByText('side by side').click()
    if (what !== 'empty') {
      await prompt(page).fill(`const ${'long'.repeat(50)}`)
      await prompt(page).press('Enter')
      await page.locator('.lane').first().waitFor()
      await ended(page)
    }
    await page.getByText('Settings', { exact: true }).click()
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
  })

  it('is dark or light as the system is, until its switch is used, which it remembers', async () => {
    const ground = (page: Page) => page.evaluate('getComputedStyle(document.body).backgroundColor')
    const dark = await open({ colorScheme: 'dark' })
    expect(await ground(dark)).toBe('rgb(19, 20, 23)')
    const light = await open({ colorScheme: 'light' })
    expect(await ground(light)).toBe('rgb(248, 247, 243)')
    await light.getByRole('button', { name: 'Switch to the dark theme' }).click()
    expect(await ground(light)).toBe('rgb(19, 20, 23)')
    await light.reload()
    expect(await ground(light)).toBe('rgb(19, 20, 23)')
    expect(await light.getByRole('button', { name: 'Switch to the light theme' }).count()).toBe(1)
  })

  describe('with the demo models', () => {
    const serve = demoServers()

    it('shows one text twice', async () => {
      const { url } = await serve({ playground: playgroundFiles(built.folder) })
      const page = await open({}, `${url}/`)
      await page.getByText('side by side').click()
      await page.getByRole('button', { name: 'package.json' }).click()
      await page.getByText('The texts are the same').first().waitFor()
      expect(await page.locator('#model').textContent()).toBe('demo')
      expect((await origins(page, 'Plain')).length).toBeGreaterThan(10)
    })
  })
})
