import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { draft, draftOnnx, target, targetOnnx } from '@foretoken/demo-models'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Interrupted } from '../failure.js'
import { runProgram } from '../run.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-convert-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function convert(args: readonly string[], { interrupt = false } = {}) {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const controller = new AbortController()
  let told = ''
  err.on('data', (text: string) => {
    told += text
    if (interrupt) controller.abort(new Interrupted())
  })
  const terminal = { out, err, input: Readable.from(['']), env: { NO_COLOR: '1' }, signal: controller.signal }
  const code = await runProgram(['convert', ...args], terminal)
  return { code, out: (out.read() as string | null) ?? '', err: told }
}

describe('convert', { timeout: 60_000 }, () => {
  test.each([
    [target, 'fp16', targetOnnx],
    [draft, 'q4', draftOnnx],
  ])('%s, %s: what comes with the demo models', async (gguf, type, shipped) => {
    const output = join(folder, 'a', 'model')
    const { code, out } = await convert([gguf, '--to', 'onnx', '--type', type, '-o', output, '--json'])
    expect(code).toBe(0)
    const report = JSON.parse(out) as { folder: string; type: string; files: { path: string; bytes: number }[] }
    expect(report).toMatchObject({ folder: output, type })
    expect(report.files.at(-1)!.path).toMatch(/\.onnx$/)
    const names = (await readdir(shipped, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    expect(report.files).toHaveLength(names.length)
    for (const { path, bytes } of report.files) {
      const [made, there] = await Promise.all([readFile(path), readFile(join(shipped, path.slice(output.length)))])
      expect([path, made.equals(there), made.length]).toEqual([path, true, bytes])
    }
    expect(await readdir(join(folder, 'a'))).toEqual(['model'])
  })

  test('graphs of fixed sizes beside the others', async () => {
    expect((await convert([draft, '--to', 'onnx', '--type', 'q4', '-o', join(folder, 'm')])).code).toBe(0)
    const { code, out } = await convert([draft, '--to', 'onnx', '--static', '-o', join(folder, 'm')])
    expect(code).toBe(0)
    expect(out).toMatch(/model_static_8\.onnx {2}/)
    const names = await readdir(join(folder, 'm', 'onnx'))
    expect(names).toEqual(expect.arrayContaining(['model_q4.onnx', 'model_static_1.onnx', 'model_static_8.onnx']))
  })

  test('as long as was asked for, and the fixed sizes apart from that', async () => {
    const output = join(folder, 'm')
    const positions = async (): Promise<unknown> =>
      (JSON.parse(await readFile(join(output, 'config.json'), 'utf8')) as Record<string, unknown>)[
        'max_position_embeddings'
      ]
    const q4 = [draft, '--to', 'onnx', '--type', 'q4', '-o', output]
    expect((await convert(q4)).code).toBe(0)
    const trained = await positions()
    const { code, out } = await convert([draft, '--to', 'onnx', '--static', '--context', '64', '-o', output, '--json'])
    expect([code, JSON.parse(out)]).toMatchObject([0, { static: { contextLength: 64 } }])
    expect(await positions()).toBe(trained)
    expect((await convert([...q4, '--context', '4096'])).code).toBe(0)
    expect(await positions()).toBe(4096)
    expect(trained).not.toBe(4096)
    expect((await convert([draft, '--to', 'onnx', '--static', '-o', output])).code).toBe(0)
    expect(await positions()).toBe(4096)
  })

  test('not beside graphs that config.json would be wrong about', async () => {
    const output = join(folder, 'm')
    const args = [draft, '--to', 'onnx', '--type', 'q4', '-o', output]
    expect((await convert([...args, '--context', '4096'])).code).toBe(0)
    const files = await readdir(output, { recursive: true })
    const { code, out, err } = await convert([draft, '--to', 'onnx', '-o', output])
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/model_q4\.onnx.*max_position_embeddings is 4096 there, not \d+\. Use another folder/s)
    expect(await readdir(output, { recursive: true })).toEqual(files)
  })

  test('not where a file is', async () => {
    await writeFile(join(folder, 'm'), '')
    const { code, err } = await convert([draft, '--to', 'onnx', '-o', join(folder, 'm')])
    expect(code).toBe(2)
    expect(err).toMatch(/m cannot be written to: a file is in its place/)
  })

  test('Ctrl-C leaves nothing', async () => {
    const { code } = await convert([target, '--to', 'onnx', '-o', join(folder, 'm')], { interrupt: true })
    expect(code).toBe(130)
    expect(await readdir(folder)).toEqual([])
  })

  test.each([
    ['no model', ['none.gguf', '--to', 'onnx'], /error \[model-file\]: .*none\.gguf/],
    ['no format', [target], /--to <format>/],
    ['another format', [target, '--to', 'coreml'], /Allowed choices are onnx/],
    ['4 bits of fixed sizes', [target, '--to', 'onnx', '--static', '--type', 'q4'], /--static cannot be of type q4/],
  ])('%s: exit code 2, and nothing is left', async (_, args, message) => {
    const { code, out, err } = await convert([...args, '-o', join(folder, 'm')])
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(message)
    expect(await readdir(folder)).toEqual([])
  })
})
