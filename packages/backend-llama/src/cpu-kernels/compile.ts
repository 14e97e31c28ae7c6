import { readdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { compilers, runTool } from '../native-build/tools.js'

/** What is built, for people. */
export const what = 'CPU kernels'

const architecture = process.arch === 'arm64' ? 'arm' : 'x86'
/** All that this processor can do. */
const native = process.arch === 'arm64' ? '-mcpu=native' : '-march=native'

/** As llama.cpp's own build sets them for a backend that is loaded at run time. */
const definitions = [
  'GGML_BACKEND_BUILD',
  'GGML_BACKEND_DL',
  'GGML_BACKEND_SHARED',
  'GGML_SHARED',
  'GGML_SCHED_MAX_COPIES=4',
  'GGML_USE_CPU_REPACK',
  'GGML_USE_LLAMAFILE',
  '_GNU_SOURCE',
  '_XOPEN_SOURCE=600',
  'NDEBUG',
]

/** How every source is compiled. */
export const flags = ['-O3', '-fPIC', native, '-w', ...definitions.map((name) => `-D${name}`)]

/** What we have our own of, by llama.cpp's source: theirs gets another name, and ours calls it for what it leaves. */
const replaced: Readonly<Record<string, string>> = {
  'sgemm.cpp': 'llamafile_sgemm',
  'ops.cpp': 'ggml_compute_forward_flash_attn_ext',
}

/** Our sources and their headers. */
export function ownFiles(): string[] {
  const root = dirname(createRequire(import.meta.url).resolve('@foretoken/backend-llama/package.json'))
  const folder = join(root, 'native')
  return readdirSync(folder)
    .toSorted()
    .map((name) => join(folder, name))
}

interface CompileOptions {
  readonly onProgress: (fraction: number) => void
  readonly signal: AbortSignal | undefined
}

/**
 * Compiles the CPU backend, with our matrix products and attention for passes over few tokens.
 *
 * @param ggml llama.cpp's `ggml` folder.
 * @param folder Where the objects go.
 * @param jobs How many compilers run at a time.
 * @returns The objects' paths.
 */
export async function compileAll(
  ggml: string,
  folder: string,
  jobs: number,
  options: CompileOptions,
): Promise<string[]> {
  const cpu = join(ggml, 'src', 'ggml-cpu')
  const folders = [cpu, join(cpu, 'llamafile'), join(cpu, 'amx'), join(cpu, 'arch', architecture)]
  const sources = ownFiles().filter((path) => path.endsWith('.cpp'))
  for (const place of folders) {
    for (const name of (await readdir(place)).toSorted()) {
      // The feature test is for builds that choose among variants; this one has been chosen.
      if (/\.(c|cpp)$/.test(name) && name !== 'cpu-feats.cpp') sources.push(join(place, name))
    }
  }
  const includes = [join(ggml, 'include'), join(ggml, 'src'), cpu].map((path) => `-I${path}`)
  const objects = sources.map((_, index) => join(folder, `${index}.o`))
  let next = 0
  let done = 0
  const worker = async (): Promise<void> => {
    while (next < sources.length) {
      const index = next++
      const source = sources[index]!
      const cpp = source.endsWith('.cpp')
      const compiler = cpp ? compilers().cpp : compilers().c
      const language = cpp ? '-std=gnu++17' : '-std=gnu11'
      const name = replaced[basename(source)]
      const rename = name === undefined ? [] : [`-D${name}=${name}_original`]
      const args = [...flags, language, ...rename, ...includes, '-c', source, '-o', objects[index]!]
      await runTool(compiler, args, what, options.signal)
      options.onProgress(++done / sources.length)
    }
  }
  await Promise.all(Array.from({ length: jobs }, worker))
  return objects
}
