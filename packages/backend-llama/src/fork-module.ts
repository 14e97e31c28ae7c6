import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Starts a module of this package as a process of its own: as it was built, or, in this repository, as it was written.
 * Typed arrays pass between the two as bytes. What it writes to stderr can be read; it has no other output.
 *
 * @param built Its name among the files of the package, without the ending.
 * @param source The same in this folder.
 * @param files Descriptors that it has from number 4 on.
 */
export function forkModule(built: string, source: string, files: readonly number[] = []): ChildProcess {
  const isBuilt = import.meta.url.endsWith('.js')
  const url = new URL(isBuilt ? `./${built}.js` : `./${source}.ts`, import.meta.url)
  return fork(fileURLToPath(url), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', ...files],
    execArgv: isBuilt ? [] : ['--conditions=@foretoken/source', '--import', 'tsx'],
    // When llama.cpp gives up, it ends at once, instead of starting a debugger to print where it was.
    env: { ...process.env, GGML_NO_BACKTRACE: '1' },
  })
}

/** Remembers the last lines that a process wrote to stderr. */
export function lastWords(child: ChildProcess): () => string {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000)
  })
  return () => said.trim().split('\n').slice(-3).join(' ')
}
