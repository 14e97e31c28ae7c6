// Builds what has changed: `node scripts/build.mjs [turbo options]`.
import { spawnSync } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bin = join(root, 'node_modules', '.bin')
const args = ['run', 'build', '--output-logs=errors-only', ...process.argv.slice(2)]
const start = performance.now()
console.log('Building what has changed …')
const { status, error, stdout, stderr } = spawnSync('turbo', args, {
  cwd: root,
  encoding: 'utf8',
  shell: process.platform === 'win32',
  // turbo calls the pnpm that it finds on the PATH: the pinned one.
  env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, TURBO_TELEMETRY_DISABLED: '1' },
})
if (status === 0) console.log(`Built in ${((performance.now() - start) / 1000).toFixed(1)} s.\n`)
else console.error(error?.message ?? stdout + stderr)
process.exit(status ?? 1)
