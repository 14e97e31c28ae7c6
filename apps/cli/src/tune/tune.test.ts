import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { draft, target } from '@foretoken/demo-models'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { runProgram } from '../run.js'
import { kernelsHint } from './kernels-hint.js'

const pair = ['--model', target, '--draft', draft, '--gpu', 'off']

async function foretoken(...args: string[]) {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const { signal } = new AbortController()
  const code = await runProgram(args, { out, err, input: Readable.from(['']), env: { NO_COLOR: '1' }, signal })
  return { code, out: (out.read() as string | null) ?? '', err: (err.read() as string | null) ?? '' }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-tune-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('tune', { timeout: 120_000 }, () => {
  test('the demo pair, as JSON', async () => {
    const { code, out, err } = await foretoken('tune', ...pair, '--json')
    expect(code).toBe(0)
    expect(err).toContain('saying texts')
    const report = JSON.parse(out)
    expect(report.passes[0]).toMatchObject({ tokens: 1, relative: 1 })
    expect(report.draft.c).toBeCloseTo(report.draft.stepMs / report.passes[0].ms, 9)
    expect(report.draft.gains.map(({ alpha }: { alpha: number }) => alpha)).toEqual([0.5, 0.6, 0.7, 0.8, 0.9, 0.95])
    expect(report.text).toMatchObject({ texts: 3, tokens: 144 })
    const names = report.strategies.map(({ name }: { name: string }) => name)
    expect(names.toSorted()).toEqual(['draft-model', 'prompt-lookup', 'recycling', 'suffix'])
    const model = report.strategies.find(({ name }: { name: string }) => name === 'draft-model')
    expect(model.coverage).toBe(1)
    expect(model.alpha).toBeGreaterThan(0.5)
    expect(model.tokenMs).toBeGreaterThan(0)
  })

  test('for people, without a draft, on prompts of their own, with a drawing', async () => {
    const [prompts, svg] = [join(folder, 'prompts.json'), join(folder, 'tune.svg')]
    await writeFile(prompts, '["const a = [1, 2, 1, 2, "]')
    const args = ['--model', target, '--gpu', 'off', '--prompts', prompts, '--svg', svg]
    const { code, out } = await foretoken('tune', ...args)
    expect(code).toBe(0)
    expect(out).toMatch(/^1 .* 1\.00 +█/m)
    expect(out).toMatch(/^prompt-lookup /m)
    expect(out).toContain('1 text, 48 tokens in all')
    expect(out).not.toMatch(/draft-model|NaN|undefined/)
    expect(await readFile(svg, 'utf8')).toContain('What passes take')
  })

  test('refuses what cannot be tuned', async () => {
    const short = await foretoken('tune', ...pair, '--context', '16')
    expect(short).toMatchObject({ code: 2, out: '' })
    expect(short.err).toMatch(/error \[unsupported\]: .*--context/)
    const bytes = await readFile(draft)
    bytes.write('funktion', bytes.indexOf('function'))
    const other = join(folder, 'other.gguf')
    await writeFile(other, bytes)
    const mixed = await foretoken('tune', '--model', target, '--draft', other, '--gpu', 'off')
    expect(mixed).toMatchObject({ code: 2, out: '' })
    expect(mixed.err).toContain('error [vocabulary-mismatch]')
  })

  test('helps, with an example and the exit codes', async () => {
    const { code, out } = await foretoken('tune', '--help')
    expect(code).toBe(0)
    expect(out).toMatch(/\$ foretoken tune -m .*Exit codes: 0 ok/s)
  })
})

describe('the hint at kernels', () => {
  const buildable = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
  const prebuilt = { gpu: false, device: 'CPU (zen4), 2 threads' } as const
  afterEach(() => vi.unstubAllEnvs())

  test.runIf(buildable)('where they could be built', async () => {
    // Any program that answers will do.
    for (const name of ['CC', 'CXX']) vi.stubEnv(name, process.execPath)
    expect(await kernelsHint(prebuilt)).toContain('foretoken kernels')
  })

  test('not where they have been, a GPU does the work, or a compiler is missing', async () => {
    for (const name of ['CC', 'CXX']) vi.stubEnv(name, process.execPath)
    expect(await kernelsHint({ gpu: false, device: 'CPU (built for this machine), 2 threads' })).toBeUndefined()
    expect(await kernelsHint({ gpu: 'cuda', device: 'NVIDIA H200 (CUDA)' })).toBeUndefined()
    vi.stubEnv('CXX', join(folder, 'no-such-compiler'))
    expect(await kernelsHint(prebuilt)).toBeUndefined()
  })
})
