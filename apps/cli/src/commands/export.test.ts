import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { draft, draftOnnx, target } from '@foretoken/demo-models'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runProgram } from '../run.js'

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const { signal } = new AbortController()
  const code = await runProgram(['export', 'vllm', ...args], { out, err, input: Readable.from([]), env: {}, signal })
  return { code, out: (out.read() as string | null) ?? '', err: (err.read() as string | null) ?? '' }
}

describe('foretoken export vllm', () => {
  it('prints a line for a pair of files, whose heads tell what a draft costs', async () => {
    const { code, out, err } = await run('-m', target, '-d', draft, '--alpha', '0.8')
    expect(code).toBe(0)
    expect(out).toMatch(/^vllm serve \S+target-F16\.gguf --speculative-config '\{"method":"draft_model",.*\}'\n$/)
    expect(err).toMatch(/tokens pay best at alpha 0\.8 if a draft step costs 0\.\d+/)
    expect(err).toContain('vllm-gguf-plugin')
  })

  it('reads no file for names of the Hub', async () => {
    const { code, out } = await run('-m', 'Qwen/Qwen3-8B', '-d', 'Qwen/Qwen3-0.6B', '--draft-tokens', '4', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      command: ['vllm', 'serve', 'Qwen/Qwen3-8B', '--speculative-config', expect.any(String)],
      speculativeConfig: { method: 'draft_model', model: 'Qwen/Qwen3-0.6B', num_speculative_tokens: 4 },
      notes: expect.any(Array),
    })
  })

  it.each([
    [['-m', 'nowhere.gguf'], 'model-file'],
    [['-m', target, '-d', draftOnnx], 'unsupported'],
    [['--strategy', 'recycling'], 'unsupported'],
  ])('refuses %j', async (args, failure) => {
    const { code, out, err } = await run(...args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(`error [${failure}]`)
  })

  it('does not pair what cannot be paired', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'foretoken-export-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    // The same draft, but one token is another word.
    const bytes = await readFile(draft)
    bytes.write('funktion', bytes.indexOf('function'))
    const other = join(folder, 'other.gguf')
    await writeFile(other, bytes)
    const { code, out, err } = await run('-m', target, '-d', other)
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('error [vocabulary-mismatch]')
  })
})
