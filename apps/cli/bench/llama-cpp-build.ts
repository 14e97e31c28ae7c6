import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { cacheDirectory } from '@foretoken/demo-models'

const run = promisify(execFile)

interface PeerOptions {
  readonly target: string
  readonly draft: string
  readonly threads: number
  readonly maxTokens: number
}

/** Builds llama.cpp from node-llama-cpp's bundle, once. @returns The folder of its programs. */
export async function buildLlamaCpp(): Promise<string> {
  // node-llama-cpp is a dependency of our backend, not of the CLI.
  const backend = createRequire(import.meta.resolve('@foretoken/backend-llama'))
  const sources = join(dirname(backend.resolve('node-llama-cpp')), '..', 'llama')
  const { tag } = JSON.parse(await readFile(join(sources, 'llama.cpp.info.json'), 'utf8')) as { tag: string }
  const folder = process.env.LLAMA_CPP ?? join(cacheDirectory(), `llama.cpp-${tag}`)
  const bin = join(folder, 'build', 'bin')
  if (existsSync(join(bin, 'llama-speculative-simple')) && existsSync(join(bin, 'llama-bench'))) return bin

  console.log(`building llama.cpp ${tag} in ${folder}`)
  await mkdir(dirname(folder), { recursive: true })
  if (!existsSync(folder)) await show('git', ['clone', '--quiet', join(sources, 'gitRelease.bundle'), folder])
  const off = ['LLAMA_CURL', 'LLAMA_OPENSSL', 'LLAMA_BUILD_TESTS', 'LLAMA_BUILD_SERVER'].map((name) => `-D${name}=OFF`)
  await show('cmake', [
    '-S',
    folder,
    '-B',
    join(folder, 'build'),
    '-DCMAKE_BUILD_TYPE=Release',
    '-DGGML_NATIVE=ON',
    ...off,
  ])
  const jobs = String(availableParallelism())
  await show('cmake', [
    '--build',
    join(folder, 'build'),
    '-j',
    jobs,
    '--target',
    'llama-speculative-simple',
    'llama-bench',
  ])
  return bin
}

/** Plain decoding from an empty context, in tokens per second. */
export async function peerPlain(bin: string, { target, threads, maxTokens }: PeerOptions): Promise<number> {
  const args = ['-m', target, '-p', '0', '-n', String(maxTokens), '-t', String(threads), '-r', '1', '-o', 'json']
  const { stdout } = await run(join(bin, 'llama-bench'), args)
  const [result] = JSON.parse(stdout) as [{ avg_ts: number }]
  return result.avg_ts
}

/** llama-speculative-simple with a draft model, greedy. */
export async function peerSpeculative(
  bin: string,
  { target, draft, threads, maxTokens, gamma, prompt }: PeerOptions & { gamma: number; prompt: string },
): Promise<{ speed: number; acceptance: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'foretoken-'))
  try {
    const file = join(folder, 'prompt.txt')
    // It drops the last newline of a file, and reads backslash-n as one unless told not to.
    await writeFile(file, `${prompt}\n`)
    const models = [
      '--no-escape',
      '-m',
      target,
      '-md',
      draft,
      '--spec-type',
      'draft-simple',
      '--spec-draft-n-max',
      String(gamma),
    ]
    const common = [
      '-f',
      file,
      '-n',
      String(maxTokens),
      '-c',
      '1024',
      '--temp',
      '0',
      '-t',
      String(threads),
      '-td',
      String(threads),
    ]
    const { stdout, stderr } = await run(join(bin, 'llama-speculative-simple'), [...models, ...common], {
      maxBuffer: 2 ** 26,
    })
    const said = stdout + stderr
    const speed = Number(/decoded\s+\d+ tokens in\s+[\d.]+ seconds, speed:\s+([\d.]+)/.exec(said)?.[1])
    if (!(speed > 0)) throw new Error(`llama-speculative-simple told no speed:\n${said.slice(-2000)}`)
    return { speed, acceptance: (/(?<!n_)accept\s+= [\d.]+%/.exec(said)?.[0] ?? '').replace(/\s+/g, ' ') }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Runs a program whose output people want to see. */
function show(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' })
    child.on('error', reject)
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}`))))
  })
}
