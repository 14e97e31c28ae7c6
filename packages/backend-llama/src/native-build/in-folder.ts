import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runTool } from './tools.js'

/**
 * Builds a library out of the source of the very llama.cpp that node-llama-cpp brings along, and puts it at `path`: whole or
 * not at all.
 *
 * @param what What is built, for people.
 * @param build Is given llama.cpp's `ggml` folder and one for what it makes. @returns The path of the library.
 */
export async function buildInFolder(
  path: string,
  what: string,
  signal: AbortSignal | undefined,
  build: (ggml: string, folder: string) => Promise<string>,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const folder = await mkdtemp(join(tmpdir(), 'foretoken-build-'))
  try {
    const installed = createRequire(import.meta.url).resolve('node-llama-cpp')
    const bundle = join(dirname(installed), '..', 'llama', 'gitRelease.bundle')
    const source = join(folder, 'source')
    await runTool('git', ['clone', '--quiet', '--no-checkout', bundle, source], what, signal)
    await runTool('git', ['-C', source, 'checkout', '--quiet', 'HEAD', '--', 'ggml'], what, signal)
    const library = await build(join(source, 'ggml'), folder)
    // Copied first: a rename is whole or not at all within one file system only.
    await runTool('cp', [library, `${path}.${process.pid}`], what, signal)
    await rename(`${path}.${process.pid}`, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
