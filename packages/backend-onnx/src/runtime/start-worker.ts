import { Worker } from 'node:worker_threads'

/** Starts the thread of `worker.ts`: as it was built, or, in this repository, as it was written. */
export function startWorker(): Worker {
  const built = import.meta.url.endsWith('.js')
  const url = new URL(built ? './worker.js' : './worker.ts', import.meta.url)
  // A program given as `--eval` with `--input-type` passes that on to its threads, which cannot read files with it.
  const inherited = process.execArgv.some((option) => option.startsWith('--input-type')) ? { execArgv: [] } : {}
  if (built) return new Worker(url, inherited)
  const program = `import('tsx/esm/api').then(({ register }) => { register(); return import(${JSON.stringify(url.href)}) })`
  return new Worker(program, { eval: true, execArgv: ['--conditions=@foretoken/source'] })
}
