// Installs the dependencies if they are missing or out of date. Needs nothing but Node and npm.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const stampFile = join(root, 'node_modules', '.foretoken-install')
const { devDependencies, engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  fail(`Node ${process.versions.node} is too old: this repository needs Node ${engines.node}.`)
}

const stamp = fingerprint()
if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) install()

function install() {
  const pnpm = `pnpm@${devDependencies.pnpm}`
  console.log(`Installing dependencies with ${pnpm} (the first time takes about half a minute) …`)
  const args = ['-y', pnpm, 'install', '--frozen-lockfile', '--config.confirmModulesPurge=false']
  const { status, error } = spawnSync('npx', args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32', // npx is a .cmd file there
    env: { ...process.env, npm_config_update_notifier: 'false' },
  })
  if (error) fail(`Could not start npx: ${error.message}\nIs npm installed, and is it on the PATH?`)
  if (status !== 0) {
    fail(
      `The installation ended with exit code ${status}; its message is above.\n` +
        `- No connection, or a proxy? Only the npm registry is needed: check \`npm ping\`.\n` +
        `- A package.json changed? Update the lockfile: \`npx ${pnpm} install\`.\n` +
        `- Otherwise remove node_modules and try again.`,
    )
  }
  writeFileSync(stampFile, stamp)
}

/** Changes whenever an installation could come out differently. */
function fingerprint() {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`)
  const manifests = ['packages', 'apps', 'examples'].flatMap((group) =>
    readdirSync(join(root, group))
      .toSorted()
      .map((name) => join(group, name, 'package.json')),
  )
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', ...manifests]) {
    const path = join(root, file)
    if (existsSync(path)) hash.update(file).update(readFileSync(path))
  }
  return hash.digest('hex')
}

function fail(message) {
  console.error(`\n${message}`)
  process.exit(1)
}
