// What somebody gets who installs the packages: each is packed, installed with npm into an empty project outside of the
// workspace, and used from JavaScript and TypeScript, on several versions of Node. Ends with a table.
//
//     npm run check:install -- [--full] [--keep]
//
// Third-party packages come from the registry that npm is set to. `--full` type-checks on each Node, and with each way to
// resolve modules; `--keep` leaves the project where it is.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { entriesOf, pack, publicPackages, root } from './packages.mjs'

const full = process.argv.includes('--full')
const keep = process.argv.includes('--keep')
const nodes = [20, 22, 24]
const system = `${process.platform}-${process.arch}`
const builds = {
  llama: `@node-llama-cpp/${{ 'darwin-arm64': 'mac-arm64-metal', 'darwin-x64': 'mac-x64', 'win32-x64': 'win-x64' }[system] ?? system}`,
  koffi: `@koromix/koffi-${system}`,
}
const platform = { darwin: 'darwin', linux: 'linux', win32: 'win' }[process.platform]
const temporary = mkdtempSync(join(tmpdir(), 'foretoken-install-'))
const project = join(temporary, 'project')
const rows = []

const aiSdk = `
  import { foretoken } from '@foretoken/ai-sdk-provider'
  import { loadModel } from '@foretoken/backend-llama'
  import { draftModel } from '@foretoken/core'
  import { draft, target } from '@foretoken/demo-models'
  import { streamText } from 'ai'
  const model = await loadModel({ path: target })
  const small = await loadModel({ path: draft })
  const { textStream } = streamText({
    model: foretoken({ model, strategy: draftModel({ model: small }) }),
    prompt: 'Write a function.',
    maxOutputTokens: 16,
  })
  let parts = 0
  for await (const part of textStream) if (part !== '') parts++
  if (parts === 0) process.exit(1)
  console.log('streamed', parts, 'parts')
  await small.dispose()
  await model.dispose()
`

try {
  install()
  for (const version of nodes) checkOn(version)
} finally {
  if (keep) console.log(`left in ${temporary}`)
  else rmSync(temporary, { recursive: true })
}
console.log(`\n${rows.map(({ what, node, ok }) => `${ok ? 'ok  ' : 'FAIL'} Node ${node}  ${what}`).join('\n')}`)
const failed = rows.filter(({ ok }) => !ok).length
console.log(`\n${rows.length - failed} of ${rows.length} hold.`)
process.exit(failed ? 1 : 0)

function install() {
  const packages = publicPackages()
  mkdirSync(project)
  const tarballs = packages.map((each) => [each.manifest.name, `file:${pack(each, temporary)}`])
  const theirs = (name) => manifestOf(join(root, 'packages', name)).devDependencies
  const { 'node-llama-cpp': llama, koffi } = manifestOf(join(root, 'packages', 'backend-llama')).dependencies
  const manifest = {
    name: 'a-program',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies: {
      ...Object.fromEntries(tarballs),
      // What we need of optional packages: those with builds for GPUs take over 600 MB.
      [builds.llama]: llama,
      [builds.koffi]: koffi,
      ai: theirs('ai-sdk-provider').ai,
    },
    devDependencies: {
      // The types of @ai-sdk/provider ask for these and do not bring them. Who skips library checks does without.
      '@types/json-schema': '^7.0.15',
      '@types/node': '^20.19.0',
      typescript: /^  typescript: (\S+)$/m.exec(readFileSync(join(root, 'pnpm-workspace.yaml'), 'utf8'))[1],
      ...Object.fromEntries(
        nodes.map((version) => [`node-${version}`, `npm:node-${platform}-${process.arch}@${version}`]),
      ),
    },
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, null, 2))
  console.log(`installing ${packages.map(({ manifest }) => manifest.name).join(', ')} into an empty project …`)
  const options = [
    'install',
    '--omit=optional',
    '--omit=peer',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ]
  execFileSync('npm', [...options, '--loglevel=error'], { cwd: project, stdio: 'inherit' })

  // The quick start has no types written down, and so is JavaScript as well.
  const quickStart = join(root, 'examples', 'quick-start', 'main.ts')
  copyFileSync(quickStart, join(project, 'quick-start.mjs'))
  copyFileSync(quickStart, join(project, 'quick-start.ts'))
  writeFileSync(join(project, 'ai-sdk.mjs'), aiSdk)
  writeFileSync(join(project, 'every-entry.ts'), everyEntry(packages))
}

function checkOn(version) {
  const node = join(
    project,
    'node_modules',
    `node-${version}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  )
  const name = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1)
  const modules = join(project, 'node_modules')
  const check = (what, args, expected = /(?:)/) => {
    const { status, stdout, stderr } = spawnSync(node, args, { cwd: project, encoding: 'utf8' })
    const ok = status === 0 && expected.test(stdout)
    if (!ok) console.error(`\n${what}, Node ${name}: exit code ${status}\n${stdout}${stderr}`)
    rows.push({ what, node: name, ok })
  }
  const command = join(modules, 'foretoken', 'dist', 'main.js')
  check('quick start, JavaScript', ['quick-start.mjs'], /accepted/)
  check('AI SDK, JavaScript', ['ai-sdk.mjs'], /^streamed/m)
  check('foretoken --version', [command, '--version'], /^\d+\.\d+\.\d+/)
  check('foretoken generate', [command, 'generate', '-p', 'export ', '--max-tokens', '8', '--json'], /"text"/)
  if (!full && version !== nodes[0]) return
  const compiler = join(modules, 'typescript', 'bin', 'tsc')
  const files = ['quick-start.ts', 'every-entry.ts']
  const options = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node']
  check('TypeScript, nodenext', [compiler, ...options, '--module', 'nodenext', ...files])
  if (full)
    check('TypeScript, bundler', [
      compiler,
      ...options,
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      ...files,
    ])
}

/** Imports all that there is to import, types included. */
function everyEntry(packages) {
  const entries = packages.flatMap(({ manifest }) => entriesOf(manifest))
  return `${entries.map((entry, i) => `import * as entry${i} from '${entry}'`).join('\n')}\nconsole.log(${entries.map((_, i) => `entry${i}`).join(', ')})\n`
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
