// Publishes what `changeset version` has given a new version, with provenance. Does nothing but a rehearsal unless told to.
//
//     npm run release                        looks at everything, and has the registry's client rehearse
//     npm run release -- --yes               publishes, from a CI that can sign (see .github/workflows/release.yml)
//     npm run release -- --yes --no-provenance
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { publicPackages, root } from './packages.mjs'

const known = ['--yes', '--no-provenance']
const args = process.argv.slice(2)
const unknown = args.filter((arg) => !known.includes(arg))
if (unknown.length > 0) stop(`Unknown: ${unknown.join(' ')}. Known are ${known.join(' and ')}.`)
const real = args.includes('--yes')
const provenance = !args.includes('--no-provenance')

const packages = publicPackages()
const problems = []

const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim()
if (git('status', '--porcelain') !== '')
  problems.push('There are changes that are not committed: commit or remove them.')
const branch = git('rev-parse', '--abbrev-ref', 'HEAD')
// Of a tag, CI has no branch checked out.
if (!['main', 'HEAD'].includes(branch)) problems.push(`This is ${branch}: releases are made from main, or from a tag.`)
const pending = readdirSync(join(root, '.changeset')).filter((name) => name.endsWith('.md') && name !== 'README.md')
if (pending.length > 0)
  problems.push(`Not in the changelog yet: ${pending.join(', ')}. Run npx changeset version, and commit.`)
const versions = new Set(packages.map(({ manifest }) => manifest.version))
if (versions.size > 1) problems.push(`All packages are to have one version, and have ${[...versions].join(', ')}.`)
for (const { folder, manifest } of packages) {
  if (manifest.publishConfig?.access !== 'public')
    problems.push(`${manifest.name}: publishConfig.access is not "public".`)
  if (!existsSync(join(folder, 'README.md'))) problems.push(`${manifest.name}: no README.md.`)
}
const elsewhere = packages.filter(({ manifest }) => manifest.repository?.url === undefined)
if (provenance && elsewhere.length > 0) {
  problems.push(
    `No repository.url, which provenance is checked against: ${elsewhere.map(({ manifest }) => manifest.name).join(', ')}. CONTRIBUTING.md says how to set it.`,
  )
}
const canSign = process.env.ACTIONS_ID_TOKEN_REQUEST_URL !== undefined || process.env.SIGSTORE_ID_TOKEN !== undefined
if (real && provenance && !canSign) {
  problems.push(
    'Provenance is signed by a CI with an OpenID token. Let .github/workflows/release.yml publish, or add --no-provenance.',
  )
}
for (const problem of problems) console.log(`- ${problem}`)
if (real && problems.length > 0) stop('Nothing was published.')

for (const script of ['build', 'check:packages', 'check:licences', 'check:size']) {
  console.log(`\n> npm run ${script}`)
  if (run('npm', ['run', '--silent', script]) !== 0) stop(`npm run ${script} failed. Nothing was published.`)
}
const options = ['--recursive', 'publish', '--access', 'public', '--no-git-checks', ...(real ? [] : ['--dry-run'])]
// The environment, not an option: pnpm hands it on to the client that signs.
const env = { ...process.env, ...(provenance && real && { NPM_CONFIG_PROVENANCE: 'true' }) }
const filters = packages.flatMap(({ manifest }) => ['--filter', manifest.name])
console.log(`\n> pnpm ${[...filters, ...options].join(' ')}`)
if (run('pnpm', [...filters, ...options], env) !== 0)
  stop(real ? 'Publishing failed; run it again: what is published is left out.' : 'The rehearsal failed.')
if (!real)
  console.log(
    `\nA rehearsal: nothing was published.${problems.length > 0 ? ` Before it can be: see the ${problems.length} points above.` : ''}`,
  )

function run(command, words, env = process.env) {
  return spawnSync(command, words, { cwd: root, stdio: 'inherit', env }).status
}

function stop(message) {
  console.error(message)
  process.exit(1)
}
