import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import * as demo from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from './run.js'

/** Where the demo models are, or stand-ins for them while they are not there. */
const elsewhere = process.env.FORETOKEN_TEST_MODELS
const target = existsSync(demo.target) || !elsewhere ? demo.target : join(elsewhere, 'target-F16.gguf')
const draft = existsSync(demo.draft) || !elsewhere ? demo.draft : join(elsewhere, 'draft-Q8_0.gguf')

const source = dirname(fileURLToPath(import.meta.url))
const pair = ['--model', target, '--draft', draft, '--gpu', 'off']
const prompt = ['--prompt', 'export function add(']

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the program in this process, which has the runtime loaded already. */
async function foretoken(args: readonly string[], options: { input?: string } = {}): Promise<Outcome> {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const input = Readable.from([options.input ?? ''])
  const code = await runProgram(args, { out, err, input, env: { NO_COLOR: '1' }, signal: new AbortController().signal })
  return { code, out: (out.read() as string | null) ?? '', err: (err.read() as string | null) ?? '' }
}

/** Runs the program as a user does, but from its sources. */
function spawned(args: readonly string[], options: { input?: string; interruptAt?: RegExp } = {}): Promise<Outcome> {
  const node = ['--import', 'tsx', '--conditions=@foretoken/source', join(source, 'main.ts')]
  const child = spawn(process.execPath, [...node, ...args], {
    cwd: dirname(source),
    env: { ...process.env, NO_COLOR: '1' },
  })
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    if (options.interruptAt?.test(out)) child.kill('SIGINT')
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  child.stdin.on('error', () => {}).end(options.input ?? '')
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })))
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('generate', { timeout: 120_000 }, () => {
  test('the same text with a draft and without, as JSON, with what it took', async () => {
    const args = ['generate', ...pair, ...prompt, '--max-tokens', '24', '--length', '4', '--json', '--strategy']
    const [drafted, plain] = [await spawned([...args, 'draft-model']), await foretoken([...args, 'none'])]
    expect([drafted.code, plain.code]).toEqual([0, 0])
    const [a, b] = [JSON.parse(drafted.out), JSON.parse(plain.out)]
    expect(a.text).toBe(b.text)
    expect(a.tokens).toHaveLength(24)
    expect(a.finishReason).toBe('length')
    expect(a.strategy).toBe('draft-model')
    expect(a.stats.passes).toBeLessThan(b.stats.passes)
  })

  test('text to stdout, figures to stderr; the prompt from stdin; sampling with a seed', async () => {
    const args = ['generate', ...pair, '-n', '12', '-t', '0.8', '--seed', '5', '--strategy', 'prompt-lookup']
    const [once, again] = [
      await foretoken(args, { input: 'const a = 1\n' }),
      await foretoken(args, { input: 'const a = 1\n' }),
    ]
    expect(once.code).toBe(0)
    expect(once.out).not.toBe('')
    expect(again.out).toBe(once.out)
    expect(once.err).toMatch(/12 tokens in .* tok\/s .* seed 5/)
  })

  test('events, a line each; a plugin in TypeScript from anywhere; colours when they are asked for', async () => {
    const plugin = join(folder, 'echo.ts')
    await writeFile(
      plugin,
      `import { ForetokenError, type DraftStrategy } from '@foretoken/core'
       if (typeof ForetokenError.is !== 'function') throw new Error('this is no core')
       const echo: DraftStrategy = { name: 'echo', open: () => ({ propose: (context, { maxTokens }) => ({ tokens: context.slice(-maxTokens) }) }) }
       export default echo`,
    )
    const { code, out, err } = await spawned([
      'generate',
      ...pair,
      ...prompt,
      '-n',
      '8',
      '--strategy',
      plugin,
      '--events',
    ])
    expect(err).not.toContain('warning')
    expect(code).toBe(0)
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(events.map(({ type }) => type)).toEqual([...Array<string>(8).fill('token'), 'finish'])
    const coloured = await foretoken(['generate', ...pair, ...prompt, '-n', '40', '--color'])
    // oxlint-disable-next-line no-control-regex
    expect(coloured.out).toMatch(/\u001B\[32m/)
  })

  test('what is lossy is called lossy', async () => {
    const args = ['generate', ...pair, ...prompt, '-n', '8', '-t', '1', '--verifier']
    expect((await foretoken([...args, 'lossy-typical'])).err).toContain('lossy-typical is lossy')
    expect((await foretoken([...args, 'coupled'])).err).not.toContain('lossy')
    const { out } = await foretoken([...args, 'lossy-threshold', '--json', '--top-logprobs', '1'])
    expect(JSON.parse(out)).toMatchObject({ lossy: true, verifier: 'lossy-threshold' })
    expect(JSON.parse(out).logprobs).toHaveLength(JSON.parse(out).tokens.length)
  })

  test('the text has the format that is asked for', async () => {
    const schema = join(folder, 'schema.json')
    await writeFile(
      schema,
      JSON.stringify({ type: 'object', properties: { n: { type: 'integer', maximum: 9 } }, required: ['n'] }),
    )
    const { code, out } = await foretoken(['generate', ...pair, ...prompt, '-n', '40', '--json-schema', schema])
    expect(code).toBe(0)
    expect(JSON.parse(out).n).toBeLessThanOrEqual(9)
    const chosen = await foretoken(['generate', ...pair, ...prompt, '--choice', 'yes', '--choice', 'no'])
    expect(chosen.out.trim()).toMatch(/^(yes|no)$/)
    const refused = await foretoken(['generate', ...pair, ...prompt, '--regex', '(?=a)'])
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('look-ahead') })
  })

  test('Ctrl-C ends it and shows what is there', async () => {
    const args = ['generate', ...pair, ...prompt, '-n', '100000', '--strategy', 'none']
    const { code, out, err } = await spawned(args, { interruptAt: /\S/ })
    expect(code).toBe(130)
    expect(out.trim()).not.toBe('')
    expect(err).not.toMatch(/^\s+at /m)
  })
})

describe('on ONNX Runtime', { timeout: 120_000 }, () => {
  const few = ['--backend', 'onnx', '--device', 'cpu', '--threads', '1']

  test('generate: the demo pair in ONNX, with a draft and without', async () => {
    const args = ['generate', ...few, ...prompt, '-n', '24', '--length', '4', '--json', '--strategy']
    const [drafted, plain] = [await foretoken([...args, 'draft-model']), await foretoken([...args, 'none'])]
    expect([drafted.code, plain.code]).toEqual([0, 0])
    const [a, b] = [JSON.parse(drafted.out), JSON.parse(plain.out)]
    expect(a.model).toContain('ONNX Runtime')
    expect(a.text).toBe(b.text)
    expect(a.stats.passes).toBeLessThan(b.stats.passes)
  })

  test('generate: a folder is known by itself; a draft may be of the other kind', async () => {
    const args = ['generate', '-m', demo.targetOnnx, '-d', draft, ...prompt, '-n', '8', '--json', '-s', 'draft-model']
    const { code, out } = await foretoken(args)
    expect(code).toBe(0)
    expect(JSON.parse(out).model).toContain('ONNX Runtime')
    expect(JSON.parse(out).draft).not.toContain('ONNX Runtime')
  })

  test('verify finds no bug', async () => {
    const { code, out } = await foretoken(['verify', ...few, '--tokens', '60', '--length', '2'])
    expect(code).toBe(0)
    expect(out).toMatch(/No bug\. 60 tokens/)
  })

  test('tune tells what was tried', async () => {
    const { code, out } = await foretoken(['tune', ...few, '--size', 'none', '--json'])
    expect(code).toBe(0)
    const report = JSON.parse(out)
    expect(report).toMatchObject({ device: 'cpu', tried: [{ provider: 'cpu', ms: expect.any(Number) }] })
    expect(report.draft.tried).toHaveLength(1)
    expect(report.passes).toHaveLength(16)
  })
})

describe('chat', { timeout: 120_000 }, () => {
  test('from a pipe: answers, commands, history that is not computed again', async () => {
    const input = 'const a = 1\n/stats\nconst b = 2\n/nonsense\n/reset\n/exit\nnever read\n'
    const { code, out, err } = await spawned(['chat', ...pair, '--raw', '-n', '10', '--json'], { input })
    expect(code).toBe(0)
    const answers = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(answers).toHaveLength(2)
    expect(answers[1].stats.cachedTokens).toBeGreaterThan(answers[0].stats.promptTokens)
    expect(err).toContain('10 tokens in')
    expect(err).toContain('There is no command /nonsense')
  })

  test('says what to do about a model without a template', async () => {
    const { code, err } = await foretoken(['chat', ...pair], { input: 'hello\n' })
    expect(code).toBe(2)
    expect(err).toMatch(/error \[unsupported\]: .*no chat template.*--raw/)
  })
})

describe('inspect', { timeout: 120_000 }, () => {
  test('a pair that fits', async () => {
    const { code, out } = await foretoken(['inspect', target, draft])
    expect(code).toBe(0)
    expect(out).toMatch(/llama, 3\.9M parameters|llama, .* parameters/)
    expect(out).toContain('The second can draft for the first.')
  })

  test('a pair that does not', async () => {
    // The same draft, but one token is another word.
    const bytes = await readFile(draft)
    bytes.write('funktion', bytes.indexOf('function'))
    const other = join(folder, 'other.gguf')
    await writeFile(other, bytes)
    const { code, out } = await foretoken(['inspect', target, other])
    expect(code).toBe(1)
    expect(out).toMatch(/cannot draft for the first\.\n.*not the same ones/)
    const refused = await foretoken(['generate', '--model', target, '--draft', other, ...prompt])
    expect(refused.code).toBe(2)
    expect(refused.err).toMatch(/error \[vocabulary-mismatch\]/)
  })

  test('a file that is none, a file that is not there', async () => {
    const bad = join(folder, 'bad.gguf')
    await writeFile(bad, 'this is no model, whatever its name says')
    for (const file of [bad, join(folder, 'none.gguf')]) {
      const { code, out, err } = await foretoken(['inspect', file])
      expect([code, out]).toEqual([2, ''])
      expect(err).toMatch(/^error \[model-file\]: .+\n$/)
    }
  })
})

describe('demo and bench', { timeout: 180_000 }, () => {
  test('the demo compares, and finds the texts the same', async () => {
    const { code, out, err } = await foretoken([
      'demo',
      ...pair,
      '--size',
      'none',
      '--rounds',
      '1',
      '--length',
      '4',
      '-n',
      '16',
      '--json',
    ])
    expect(err).toMatch(/2\/2 .* tok\/s/)
    expect(code).toBe(0)
    const report = JSON.parse(out)
    expect(report).toMatchObject({ pairs: 2, identical: 2 - report.forks.length })
    expect(report.tau).toBeGreaterThan(1)
    for (const key of ['predicted', 'alpha', 'c']) expect(report[key]).toBeGreaterThan(0)
    expect(report.passes.map(({ width }: { width: number }) => width)).toEqual([1, 2, 5])
  })

  test('a bench on one kind of content writes a table, JSON, a drawing and a page', async () => {
    const [json, svg, html] = ['json', 'svg', 'html'].map((kind) => join(folder, `bench.${kind}`)) as [
      string,
      string,
      string,
    ]
    const args = [
      'bench',
      ...pair,
      '--size',
      'none',
      '--content',
      'edits',
      '-t',
      '0,0.7',
      '-r',
      '2',
      '-n',
      '16',
      '--save',
      json,
      '--svg',
      svg,
      '--html',
      html,
    ]
    const { code, out, err } = await foretoken(args)
    expect(code).toBe(0)
    expect(out).toMatch(
      /edits +0 +plain .*\n +auto .*\n +draft-model .*\n( .*\n)* +0\.7 +plain .*\n +auto .*\n +draft-model /,
    )
    expect(err).toMatch(/3\/4 \S+ T 0: .* left\n4\/4 \S+ T 0\.7: .* tok\/s\n/)
    const saved = JSON.parse(await readFile(json, 'utf8'))
    expect(saved.runs).toHaveLength(4)
    // The prompts and their order are the same at each temperature; so is the seed, on all sides.
    expect(saved.runs.map(({ prompt }: { prompt: string }) => prompt)).toEqual(
      [0, 0, 2, 2].map((i) => saved.runs[i].prompt),
    )
    expect(saved.generate.seed).toBeGreaterThanOrEqual(0)
    expect(await readFile(html, 'utf8')).toContain(saved.target)
    expect(existsSync(svg)).toBe(true)
  })
})

describe('verify', { timeout: 120_000 }, () => {
  const few = ['verify', ...pair, '--tokens', '60', '--length', '2']

  test('finds no bug in the demo pair; a drawing', async () => {
    const svg = join(folder, 'drift.svg')
    const { code, out, err } = await foretoken([...few, '--svg', svg])
    expect(code).toBe(0)
    expect(out).toMatch(/No bug\. 60 tokens of 1 text compared, in 2 speculative runs: /)
    expect(err).toContain('comparing 60 tokens')
    expect(existsSync(svg)).toBe(true)
  })

  test('without a draft, on prompts of your own, as JSON', async () => {
    const prompts = join(folder, 'prompts.json')
    await writeFile(prompts, '["const a = [1, 2, 1, 2, "]')
    const args = ['verify', '--model', target, '--gpu', 'off', '--tokens', '40', '--prompts', prompts, '--json']
    const { code, out } = await foretoken(args)
    expect(code).toBe(0)
    const report = JSON.parse(out)
    expect(report).toMatchObject({ tokens: 40, texts: 1, bugs: [] })
    expect(report.runs.map(({ name }: { name: string }) => name)).toEqual(['prompt-lookup', 'misled'])
  })
})

describe('bad input', { timeout: 120_000 }, () => {
  test('the process ends with the exit code', async () => {
    expect(await spawned(['generate', '--no-such-option'])).toMatchObject({ code: 2, out: '' })
  })

  test.each([
    ['an unknown option', ['generate', '--tempratur', '1'], /Did you mean --temperature/],
    ['an unknown command', ['generat'], /Did you mean generate/],
    ['a bad value', ['bench', '--length', 'long'], /is invalid.*no draft length/],
    ['a bad plugin', ['generate', ...pair, ...prompt, '--strategy', './none.ts'], /error \[strategy\]: .*none\.ts/],
    [
      'an unknown strategy',
      ['generate', ...pair, ...prompt, '--strategy', 'magic'],
      /error \[invalid-argument\]: .*prompt-lookup/,
    ],
    ['a missing model', ['generate', '-m', 'none.gguf', ...prompt], /error \[model-file\]: .*none\.gguf/],
    [
      'nothing to verify',
      ['verify', ...pair, '--strategy', 'none'],
      /error \[invalid-argument\]: .*nothing to compare/,
    ],
    ['a GPU for ONNX', ['generate', '--backend', 'onnx', '--gpu', 'off', ...prompt], /use --device/],
    ['a device for GGUF', ['generate', '--device', 'cpu', ...prompt], /use --gpu/],
    [
      'a GGUF file on ONNX Runtime',
      ['generate', '-m', target, '--backend', 'onnx', ...prompt],
      /error \[invalid-argument\]: .*foretoken convert/,
    ],
    [
      'an ONNX model that is to be inflated',
      ['tune', '-m', join(demo.targetOnnx, 'onnx', 'model_fp16.onnx'), '--size', '350m'],
      /cannot be inflated.*--size none/,
    ],
    ['a replay in ONNX', ['bench', '--replay', 'founding', '--backend', 'onnx'], /takes GGUF files/],
    ['no prompt file', ['generate', ...pair, '-f', 'none.txt'], /error \[invalid-argument\]: .*none\.txt/],
  ])('%s: exit code 2 and no stack', async (_, args, message) => {
    const { code, out, err } = await foretoken(args)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toMatch(message)
    expect(err).not.toMatch(/^\s+at /m)
  })
})
