import { basename, dirname } from 'node:path'

/** What a process has mapped of one llama.cpp build. */
export interface LibraryFiles {
  /** `libllama.v0.5.0.so`, `libllama.metal.v0.5.0.dylib`, `llama.v0.5.0.dll` */
  readonly llama: string
  /** The device registry. */
  readonly ggml: string
  readonly ggmlBase: string
  /** The CPU code, and the processor family that it was built for (`zen4`, `haswell`); absent when there is but one. */
  readonly ggmlCpu?: string
  readonly cpuVariant?: string
}

/**
 * Picks the files of the llama.cpp that node-llama-cpp has loaded out of everything that the process has mapped.
 * Asking the process instead of composing paths means that we can never map a second copy, wherever it was installed.
 *
 * @param mapped Absolute paths of shared libraries.
 * @param gpu What the runtime was loaded for. Several builds may be mapped when several were asked for.
 * @param release As in the file names: `v0.5.0`.
 */
export function pickLibraries(
  mapped: readonly string[],
  gpu: 'metal' | 'cuda' | 'vulkan' | false,
  release: string,
): LibraryFiles | undefined {
  const variant = gpu === false ? '' : `.${gpu}`
  // A build that node-llama-cpp compiled itself, and Metal on some releases, leave the variant out of the name.
  const names = [`llama${variant}.${release}`, `llama.${release}`, 'llama']
  for (const name of names) {
    const llama = mapped.find((path) => stem(path) === name && belongs(path, gpu))
    if (llama === undefined) continue
    const folder = dirnameOf(llama)
    const beside = mapped.filter((path) => dirnameOf(path) === folder)
    const ggml = beside.find((path) => /^ggml(\.(metal|cuda|vulkan))?(\.v?[\w.-]*\d)?$/.test(stem(path)))
    const ggmlBase = beside.find((path) => /^ggml-base(\..*)?$/.test(stem(path)))
    if (ggml === undefined || ggmlBase === undefined) continue
    const ggmlCpu = beside.find((path) => variantOf(path) !== undefined)
    if (ggmlCpu === undefined) return { llama, ggml, ggmlBase }
    return { llama, ggml, ggmlBase, ggmlCpu, cpuVariant: variantOf(ggmlCpu) as string }
  }
  return undefined
}

function variantOf(path: string): string | undefined {
  return /^ggml-cpu-(.+)$/.exec(stem(path))?.[1]
}

/** The paths of all shared libraries that this process has mapped. */
export function mappedLibraries(): string[] {
  // Without this, the report looks up the machine's network names, which can take seconds.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork?: boolean }
  const before = report.excludeNetwork
  report.excludeNetwork = true
  try {
    const { sharedObjects } = report.getReport() as unknown as { sharedObjects?: string[] }
    return sharedObjects ?? []
  } finally {
    report.excludeNetwork = before ?? false
  }
}

/** A CPU build must not be mistaken for a GPU build whose library has the same name, in a folder beside. */
function belongs(path: string, gpu: 'metal' | 'cuda' | 'vulkan' | false): boolean {
  const folder = basenameOf(dirnameOf(path))
  const other = ['metal', 'cuda', 'vulkan'].filter((type) => type !== gpu)
  return !other.some((type) => folder.endsWith(`-${type}`))
}

function stem(path: string): string {
  return basenameOf(path)
    .replace(/\.(so(\.\d+)*|dylib|dll)$/i, '')
    .replace(/^lib/, '')
}

// Not node:path alone: the platform whose paths are looked at is not always the one we run on (in tests).
function basenameOf(path: string): string {
  return path.includes('\\') ? path.slice(path.lastIndexOf('\\') + 1) : basename(path)
}

function dirnameOf(path: string): string {
  return path.includes('\\') ? path.slice(0, path.lastIndexOf('\\')) : dirname(path)
}
