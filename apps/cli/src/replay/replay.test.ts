import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { draft, inflationNote, target } from '@foretoken/demo-models'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runProgram } from '../run.js'
import { createPaint } from '../terminal/paint.js'
import type { ReplayReport } from './report.js'
import { replayLines, replayPlot } from './show.js'

async function bench(...args: string[]) {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const { signal } = new AbortController()
  const terminal = { out, err, input: Readable.from(['']), env: { NO_COLOR: '1' }, signal }
  const code = await runProgram(['bench', ...args], terminal)
  return { code, out: (out.read() as string | null) ?? '', err: (err.read() as string | null) ?? '' }
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-replay-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('bench --replay founding', { timeout: 120_000 }, () => {
  test('measures target, draft and both together, and says what follows', async () => {
    const [json, svg] = [join(folder, 'replay.json'), join(folder, 'replay.svg')]
    const { code, out, err } = await bench(
      ...['--replay', 'founding', '--size', 'none', '--gpu', 'off', '-r', '2', '-n', '24'],
      ...['--save', json, '--svg', svg],
    )
    expect(code).toBe(0)
    expect(err).toMatch(
      /theory drafts \d\n1\/2 \S+: alone [\d.,]+, automatic [\d.,]+, gamma \d [\d.,]+, draft [\d.,]+ tok/,
    )
    expect(out).toMatch(/target alone, tok\/s +10 +[\d.,]+\n/)
    expect(out).toMatch(/identical texts +– +\d of 4\n/)
    expect(out).not.toContain(inflationNote)

    const report = JSON.parse(await readFile(json, 'utf8')) as ReplayReport
    expect(report.runs.map(({ contender }) => contender).toSorted()).toEqual(
      ['alone', 'automatic', `gamma ${report.fixed.gamma}`, 'draft'].flatMap((name) => [name, name]).toSorted(),
    )
    for (const { tokens } of report.runs) expect(tokens).toBeGreaterThan(0)
    expect(report.identical).toBe(4 - report.forks.length)
    expect(report.fixed.gamma).toBeLessThanOrEqual(8)
    // Texts are the target's and the draft's own: each prompt has one of each.
    const texts = (name: string) => report.runs.filter(({ contender }) => contender === name).map(({ text }) => text)
    expect(texts('draft')).not.toEqual(texts('alone'))
    // The formula, computed here from the figures that are printed beside it.
    const { gamma, expectedTokens, passMs, overheadMs, alpha, predicted } = report.fixed
    expect(expectedTokens).toBeCloseTo((1 - alpha ** (gamma + 1)) / (1 - alpha) || gamma + 1, 9)
    const roundMs = gamma * report.draftStepMs + passMs + overheadMs
    expect(predicted).toBeCloseTo((expectedTokens * report.passes[0]!.ms) / roundMs, 9)
    expect(report.c).toBeCloseTo(report.draftStepMs / report.passes[0]!.ms, 12)
    const { weightBytes, tokensPerSecond, bytesPerSecond } = report.target
    expect(weightBytes).toBeGreaterThan(7e6)
    expect(bytesPerSecond).toBe(weightBytes * tokensPerSecond)

    const drawing = await readFile(svg, 'utf8')
    expect(drawing).toContain('2023: 10 tok/s alone')
    expect(drawing).toContain('drafts of')
  })

  test('a draft of another vocabulary is refused before anything is loaded', async () => {
    const bytes = await readFile(draft)
    const at = bytes.indexOf('function') + 2
    const other = join(folder, 'other.gguf')
    await writeFile(other, bytes.fill('Q', at, at + 1))
    const { code, err } = await bench('--replay', 'founding', '-m', target, '-d', other)
    expect(code).toBe(2)
    expect(err).toMatch(/^error \[vocabulary-mismatch\]: .* not the same ones .* same model family/)
  })

  test.each([
    [['-m', 'target.gguf'], /error \[invalid-argument\]: The replay needs a draft: pass --draft/],
    [['-m', 'none.gguf', '-d', 'none.gguf'], /error \[model-file\]: .*none\.gguf/],
    [['--length', '4'], /'--replay <experiment>' cannot be used with option '-l, --length/],
    [['-t', '0'], /cannot be used with option '-t, --temperatures/],
    [['--seed', '7'], /cannot be used with option '--seed/],
    [['-r', '99'], /99 rounds need 99 prompts/],
  ])('%j: exit code 2', async (args, message) => {
    const { code, out, err } = await bench('--replay', 'founding', '--gpu', 'off', ...args)
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toMatch(message)
  })
})

describe('what is shown', () => {
  const spread = { interval: { low: 1.9, high: 2.4 } }
  const summary = { ...spread, runs: 3, kept: [], draftShare: 0.3, drafted: 4, prefillMs: 9, draftStepMs: 62 }
  const rates = { tokensPerSecond: 4.2, speedup: 2.1, alpha: 0.9, tau: 4, overheadMs: 1, fresh: 0.4 }
  const model = { path: '/m/target-7b-F16.gguf', name: 'demo inflated to 7b F16', quantization: 'F16' }
  const report = {
    machine: { processor: 'Some CPU' },
    target: { ...model, device: 'CPU, 2 threads', weightBytes: 14e9, tokensPerSecond: 2, bytesPerSecond: 28e9 },
    draft: { ...model, name: undefined, path: '/m/draft.gguf', quantization: 'Q4_0', tokensPerSecond: 16 },
    c: 0.124,
    draftStepMs: 62,
    passes: [{ width: 1, ms: 500, relative: 1 }],
    automatic: { ...summary, ...rates },
    fixed: { ...summary, ...rates, gamma: 5, expectedTokens: 4.69, predicted: 2.5, passMs: 620 },
    fresh: 0.4,
    texts: 6,
    identical: 5,
    forks: [{ prompt: 'p1', position: 2, plain: 1, other: 2, margin: 3, rounding: 0.01, verdict: 'bug' }],
    notes: [inflationNote],
    warnings: [],
  } as unknown as ReplayReport

  test('then beside now, with all that has to be said', () => {
    const text = replayLines(report, createPaint(false)).join('\n')
    expect(text).toMatch(/ +2023 +here\n/)
    expect(text).toMatch(/machine +Apple M2 Ultra, 800 GB\/s +Some CPU, CPU, 2 threads\n/)
    expect(text).toMatch(/target +Code Llama 34B FP16 +demo inflated to 7b F16\n/)
    expect(text).toMatch(/draft +Code Llama 7B Q4 +draft\.gguf Q4_0\n/)
    expect(text).toMatch(/speed-up +over 2x +2\.10x \(1\.90-2\.40x\)/)
    expect(text).toMatch(/implied bandwidth +675 GB\/s +28\.0 GB\/s/)
    expect(text).toContain('2.50x = 4.69 tokens x T(1) 500 ms / (5 x 62.0 ms + T(6) 620 ms + 1.00 ms)')
    expect(text).toMatch(/identical texts +– +5 of 6/)
    expect(text).toContain('BUG: p1 forks at token 3')
    expect(text).toContain(inflationNote)
  })

  test('the drawing has what was reported, and what was measured with its interval', () => {
    const bars = replayPlot(report).rows.flatMap(({ groups }) => groups.map((group) => group.bars))
    expect(bars).toMatchObject([
      [{ series: 'reported', value: 2 }],
      [
        { value: 2.1, low: 1.9, high: 2.4 },
        { series: 'drafts of 5 tokens', value: 2.1 },
      ],
    ])
    expect(replayPlot(report).notes).toContain(inflationNote)
  })
})
