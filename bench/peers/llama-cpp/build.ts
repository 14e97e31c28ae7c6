import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ForetokenError } from '../../../packages/core/src/index.js'
import { cacheDirectory } from '../../../packages/demo-models/src/index.js'

const programs = ['llama-speculative-simple', 'llama-server'] as const

/** Of the package that our backend runs: so its llama.cpp is the release that we run. */
const sources = join(
  dirname(
    createRequire(fileURLToPath(new URL('../../../packages/backend-llama/package.json', import.meta.url))).resolve(
      'node-llama-cpp',
    ),
  ),
  '../llama',
)

/** Neither downloads nor a web page. */
const off = ['LLAMA_OPENSSL', 'LLAMA_BUILD_TESTS', 'LLAMA_BUILD_APP', 'LLAMA_BUILD_UI', 'LLAMA_USE_PREBUILT_UI'].map(
  (name) => `-D${name}=OFF`,
)

/**
 * Builds llama.cpp from node-llama-cpp's bundle, once, for this machine (native, with OpenMP), into {@link cacheDirectory}.
 *
 * @returns The folder of its programs, and the release.
 * @throws `runtime` when git, cmake or the compiler fails.
 */
export async function buildLlamaCpp(signal: AbortSignal): Promise<{ bin: string; release: string }> {
  const { tag } = JSON.parse(await readFile(join(sources, 'llama.cpp.info.json'), 'utf8')) as { tag: string }
  const folder = join(cacheDirectory(), `llama.cpp-${tag}`)
  const build = join(folder, 'build')
  const bin = join(build, 'bin')
  if (programs.every((program) => existsSync(join(bin, program)))) return { bin, release: tag }

  console.error(`building llama.cpp ${tag} in ${folder}`)
  await mkdir(dirname(folder), { recursive: true })
  if (!existsSync(folder)) {
    await show('git', ['clone', '--quiet', join(sources, 'gitRelease.bundle'), folder], signal)
  }
  const on = ['-DCMAKE_BUILD_TYPE=Release', '-DGGML_NATIVE=ON', '-DLLAMA_BUILD_SERVER=ON']
  await show('cmake', ['-S', folder, '-B', build, ...on, ...off], signal)
  await show('cmake', ['--build', build, '-j', String(availableParallelism()), '--target', ...programs], signal)
  return { bin, release: tag }
}

/** Runs a program whose output people want to see. */
function show(program: string, args: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    // Results go to stdout, and this is none.
    const child = spawn(program, args, { stdio: ['ignore', 2, 2], signal })
    const failed = (why: string): void => {
      if (signal.aborted) return reject(signal.reason as Error)
      const message = `${program} ${why}. Building llama.cpp needs git, cmake and a C++ compiler; --peers chooses others.`
      reject(new ForetokenError('runtime', message))
    }
    child.on('error', ({ message }) => failed(`cannot run: ${message}`))
    child.on('exit', (code) => (code === 0 ? resolve() : failed(`ended with ${code}`)))
  })
}
