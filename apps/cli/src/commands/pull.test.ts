import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { draft, draftOnnx, target } from '@foretoken/demo-models'
import { startTestHub, type TestHub } from '@foretoken/hub/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runProgram } from '../run.js'

const source = dirname(dirname(fileURLToPath(import.meta.url)))

let hub: TestHub
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-cli-pull-'))
  const [large, small] = [await readFile(target), await readFile(draft)]
  const manifest = {
    format: 'foretoken-bundle',
    version: 1,
    target: { file: 'm-F16.gguf' },
    draft: { file: 'd-Q4_0.gguf' },
  }
  hub = await startTestHub({
    'o/m': { 'README.md': 'x', 'm-F16.gguf': large, 'm-Q8_0.gguf': large },
    'o/d': { 'd-Q4_0.gguf': small },
    'o/bundle': { 'foretoken.json': JSON.stringify(manifest), 'm-F16.gguf': large, 'd-Q4_0.gguf': small },
  })
})
afterAll(async () => {
  await hub.close()
  await rm(folder, { recursive: true })
})

let cache: string
beforeEach(async () => {
  cache = await mkdtemp(join(folder, 'cache-'))
  hub.fault = () => undefined
  hub.seen.length = 0
})

async function foretoken(args: readonly string[], env: Record<string, string> = {}) {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const code = await runProgram(args, {
    out,
    err,
    input: Readable.from(['']),
    env: { NO_COLOR: '1', HF_ENDPOINT: hub.url, HF_HOME: cache, ...env },
    signal: new AbortController().signal,
  })
  return { code, out: (out.read() as string | null) ?? '', err: (err.read() as string | null) ?? '' }
}

const small = ['--gpu', 'off', '--threads', '1', '-p', 'export function add(', '-n', '12', '--json']

describe('pull', () => {
  test('prints where the model is, and what to run next', async () => {
    const { code, out, err } = await foretoken(['pull', 'o/m:F16'])
    expect(code).toBe(0)
    expect((await readFile(out.trim())).equals(await readFile(target))).toBe(true)
    expect(err).toMatch(
      /^downloading o\/m:F16 of 7\.6 MiB …\ndownloaded o\/m:F16: 7\.6 MiB \(.*\)\nnext: foretoken generate -m o\/m:F16 /,
    )
    const again = await foretoken(['pull', 'o/m:F16', '--json'])
    expect(JSON.parse(again.out)).toMatchObject({ repo: 'o/m', target: out.trim(), files: [out.trim()] })
    expect(again.err).toBe('')
  })

  test('goes on after a cut, and says so', async () => {
    let cut = true
    hub.fault = ({ host }) => {
      const fault = host === 'cdn' && cut ? { cutAfter: 500_000 } : undefined
      if (fault) cut = false
      return fault
    }
    const { code, err } = await foretoken(['pull', 'o/d'])
    expect(code).toBe(0)
    expect(err).toMatch(/downloading d-Q4_0\.gguf: the connection .* trying again in 1 s \(1 of 5\)/)
  })

  test.each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)('of a process that ends by %s is gone on with by the next', async (signal, expected) => {
    hub.fault = ({ host }) => (host === 'cdn' ? { silentAfter: 700_000 } : undefined)
    const node = ['--import', 'tsx', '--conditions=@foretoken/source', join(source, 'main.ts'), 'pull', 'o/d']
    const child = spawn(process.execPath, node, {
      cwd: dirname(source),
      env: { ...process.env, HF_ENDPOINT: hub.url, HF_HOME: cache },
      stdio: 'ignore',
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    const blobs = join(cache, 'hub', 'models--o--d', 'blobs')
    const sizes = async (): Promise<number[]> => {
      const names = await readdir(blobs).catch(() => [])
      return Promise.all(names.map(async (name) => (await stat(join(blobs, name))).size))
    }
    await expect.poll(sizes, { timeout: 30_000 }).toEqual([700_000])
    child.kill(signal)
    expect(await ended).toBe(expected)
    hub.fault = () => undefined
    expect((await foretoken(['pull', 'o/d'])).code).toBe(0)
    expect(hub.seen.findLast(({ host }) => host === 'cdn')).toMatchObject({ range: 'bytes=700000-' })
    expect(await sizes()).toEqual([(await stat(draft)).size])
  })

  test.each<[string, string, number, RegExp, Record<string, string>?]>([
    ['no name', 'model', 2, /error \[invalid-argument\]: model is no name of a model on the Hub\. Use owner\/repo/],
    [
      'several',
      'o/m',
      2,
      /o\/m has 2 models: F16 \(7\.6 MiB\), Q8_0 \(7\.6 MiB\)\. Ask for one of them, as in o\/m:F16\./,
    ],
    ['none such', 'o/none', 2, /error \[model-file\]: 127\.0\.0\.1:\d+ has no public model o\/none/],
    [
      'offline',
      'o/m:F16',
      1,
      /error \[runtime\]: o\/m:F16 cannot be downloaded: HF_HUB_OFFLINE/,
      { HF_HUB_OFFLINE: '1' },
    ],
  ])('of %s fails in one line', async (_, name, expected, message, env) => {
    const { code, out, err } = await foretoken(['pull', name], env)
    expect(code).toBe(expected)
    expect(err).toMatch(message)
    expect(err.trim().split('\n')).toHaveLength(1)
    expect(out).toBe('')
  })
})

describe('a model by its name', { timeout: 120_000 }, () => {
  test('is downloaded by the command that takes it, its draft as well; later it is there', async () => {
    const first = await foretoken(['generate', '-m', 'o/m:F16', '-d', 'hf://o/d/d-Q4_0.gguf', ...small])
    expect(first.err).toMatch(/downloaded o\/m:F16.*\n.*\ndownloaded hf:\/\/o\/d\/d-Q4_0\.gguf/)
    expect(first.code).toBe(0)
    const local = await foretoken(['generate', '-m', target, '-d', draft, ...small])
    expect(JSON.parse(first.out)).toMatchObject({ text: (JSON.parse(local.out) as { text: string }).text })
    const asked = hub.seen.length
    const later = await foretoken(['generate', '-m', 'o/m:F16', '-d', 'o/d', ...small], { HF_HUB_OFFLINE: '1' })
    expect(later.code).toBe(0)
    expect(later.err).not.toContain('download')
    expect(hub.seen).toHaveLength(asked)
  })

  test('that is not here offline is refused, with what to run', async () => {
    const { code, err } = await foretoken(['generate', '-m', 'o/m:F16', ...small], { HF_HUB_OFFLINE: '1' })
    expect(code).toBe(2)
    expect(err).toMatch(/neither a file nor in the cache .* run: foretoken pull o\/m:F16/)
  })

  test('that may have been meant as a path says that there is none', async () => {
    const { code, err } = await foretoken(['generate', '-m', 'models/mine', ...small])
    expect(code).toBe(2)
    expect(err).toMatch(
      /error \[model-file\]: There is nothing at models\/mine here, and .* no public model models\/mine/,
    )
  })

  test('that is a bundle drafts with its draft', async () => {
    const { code, out } = await foretoken(['generate', '-m', 'o/bundle', '--strategy', 'draft-model', ...small])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ strategy: 'draft-model', stats: { drafted: expect.any(Number) as number } })
  })

  test('in ONNX runs from the cache, where its files are links', async () => {
    const repo: Record<string, Buffer> = {}
    for (const path of ['config.json', 'tokenizer.json', 'onnx/model_q4.onnx', 'onnx/model_q4.onnx_data']) {
      repo[path] = await readFile(join(draftOnnx, path))
    }
    hub.repos['o/onnx'] = repo
    const args = ['-p', 'const a = ', '-n', '4', '--json', '--device', 'cpu', '--threads', '1']
    const { code, out, err } = await foretoken(['generate', '-m', 'o/onnx', ...args])
    expect(err).not.toContain('error')
    expect(code).toBe(0)
    const local = await foretoken(['generate', '-m', draftOnnx, ...args])
    expect(JSON.parse(out)).toMatchObject({ text: (JSON.parse(local.out) as { text: string }).text })
  })
})

describe('bundle', { timeout: 60_000 }, () => {
  test('writes what generate takes: the folder, or a copy that names its draft', async () => {
    const place = join(folder, 'bundle')
    await mkdir(place)
    const [large, little] = [join(place, 'm-F16.gguf'), join(place, 'd-Q4_0.gguf')]
    await copyFile(target, large)
    await copyFile(draft, little)
    const { code, out, err } = await foretoken(['bundle', large, little])
    expect([code, out.trim()]).toEqual([0, join(place, 'foretoken.json')])
    expect(err).toMatch(/^The second can draft for the first\./)
    const copy = join(place, 'with-draft.gguf')
    const embedded = await foretoken(['bundle', large, little, '--embed', copy, '--json'])
    expect(JSON.parse(embedded.out)).toMatchObject({ path: copy, draft: { file: 'd-Q4_0.gguf' } })
    for (const model of [place, out.trim(), copy]) {
      const said = await foretoken(['generate', '-m', model, '--strategy', 'draft-model', ...small])
      expect(said.code).toBe(0)
      expect(said.err).not.toContain('download')
    }
  })

  test('refuses a draft that cannot draft for the target, and files that are none', async () => {
    const other = join(folder, 'none.gguf')
    await writeFile(other, 'no model')
    expect(await foretoken(['bundle', target, other])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/error \[model-file\]/),
    })
    expect(await foretoken(['bundle', target, draft, '--embed', join(folder, 'elsewhere.gguf')])).toMatchObject({
      code: 2,
      err: expect.stringMatching(/does not lie in .* put it there/),
    })
  })
})
