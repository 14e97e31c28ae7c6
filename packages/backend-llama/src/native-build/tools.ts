import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { ForetokenError } from '@foretoken/core'

const run = promisify(execFile)

/** The compilers: what CC and CXX name, or `cc` and `c++`. */
export const compilers = (): { readonly c: string; readonly cpp: string } => ({
  c: process.env.CC ?? 'cc',
  cpp: process.env.CXX ?? 'c++',
})

/**
 * @param what What they are to build, for people: `CPU kernels`.
 * @param otherwise What to do without them; a sentence's second half.
 * @throws `unsupported` naming the tool that is missing.
 */
export async function mustHaveTools(
  tools: readonly string[],
  what: string,
  otherwise: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const tool of tools) {
    try {
      await run(tool, ['--version'], { ...(signal && { signal }) })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new ForetokenError(
        'unsupported',
        `${tool} is needed to build ${what} and does not run here. Install git, gcc and g++${otherwise}.`,
        { cause },
      )
    }
  }
}

/** @throws `runtime` with the end of what the tool said, or the signal's reason. */
export async function runTool(
  tool: string,
  args: readonly string[],
  what: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await run(tool, args, { maxBuffer: 2 ** 24, ...(signal && { signal }) })
  } catch (cause) {
    signal?.throwIfAborted()
    const said = String((cause as { stderr?: string }).stderr ?? (cause as Error).message)
    throw new ForetokenError('runtime', `${tool} failed while building ${what}: ${said.trim().slice(-500)}`, { cause })
  }
}
