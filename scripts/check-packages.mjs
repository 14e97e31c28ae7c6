// Packs each public package as it would be published, and checks what a user would get.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const temporary = mkdtempSync(join(tmpdir(), 'foretoken-pack-'))
const modules = join(temporary, 'node_modules')
process.env.PATH = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`
let failures = 0

const onnxProgram = `
  import { exportOnnx, loadModel } from '@foretoken/backend-onnx'
  import { draft } from '@foretoken/demo-models'
  await exportOnnx(draft, 'draft-onnx')
  const model = await loadModel({ path: 'draft-onnx', calibrate: false })
  const rows = await (await model.createSequence()).forward([1, 2, 3])
  if (!rows.row(0).every(Number.isFinite)) process.exit(1)
  await model.dispose()
`

const packages = ['packages', 'apps']
  .flatMap((group) => readdirSync(join(root, group)).map((name) => join(root, group, name)))
  .map((folder) => ({ folder, source: manifestOf(folder) }))
  .filter(({ source }) => !source.private)

try {
  for (const each of packages) each.packed = pack(each)
  for (const each of packages) check(each)
  smoke()
} finally {
  rmSync(temporary, { recursive: true })
}
if (failures) console.error(`\n${failures} ${failures === 1 ? 'problem' : 'problems'} in the packed packages.`)
process.exit(failures ? 1 : 0)

/** Packs a package, and unpacks it where an installation would have put it. */
function pack({ folder, source }) {
  const out = join(temporary, source.name.replace('/', '-'))
  const into = join(modules, source.name)
  mkdirSync(out)
  mkdirSync(into, { recursive: true })
  execFileSync('pnpm', ['pack', '--pack-destination', out], { cwd: folder, stdio: 'pipe' })
  const tarball = join(out, readdirSync(out)[0])
  execFileSync('tar', ['-xzf', tarball, '-C', into, '--strip-components=1'])
  // What a user of the package adds, too.
  const optional = Object.keys(source.peerDependenciesMeta ?? {})
  for (const name of [...Object.keys(source.dependencies ?? {}), ...optional]) {
    const link = join(modules, name)
    if (source.dependencies[name]?.startsWith('workspace:') || existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(realpathSync(join(folder, 'node_modules', name)), link)
  }
  return { tarball, into }
}

function check({ source, packed: { tarball, into } }) {
  const manifest = readFileSync(join(into, 'package.json'), 'utf8')
  const files = readdirSync(into, { recursive: true, encoding: 'utf8' })
  expect(source.name, 'no source condition or workspace range is left', !/@foretoken\/source|workspace:/.test(manifest))
  expect(source.name, 'has LICENSE and README.md', files.includes('LICENSE') && files.includes('README.md'))
  expect(source.name, 'has no tests', !files.some((file) => file.includes('.test.')))
  expect(source.name, 'publint', run('publint', ['run', tarball, '--strict']))
  // A program has no types to check.
  if (source.exports?.['.']) expect(source.name, 'attw', run('attw', [tarball, '--profile', 'esm-only']))
}

/** Node itself, without our source condition, loads every entry point of every package. */
function smoke() {
  for (const { source } of packages) {
    for (const entry of Object.keys(source.exports ?? {}).filter((path) => !path.endsWith('.json'))) {
      const name = join(source.name, entry)
      const loads = run(process.execPath, ['--input-type=module', '-e', `await import('${name}')`], temporary)
      expect(name, 'loads', loads)
    }
    for (const [command, file] of Object.entries(source.bin ?? {})) {
      const starts = run(process.execPath, [join(modules, source.name, file), '--help'], temporary)
      expect(command, 'starts', starts)
    }
  }
  const decodes = run(process.execPath, ['--input-type=module', '-e', onnxProgram], temporary)
  expect('@foretoken/backend-onnx', 'runs its models in the thread that it starts', decodes)
}

function run(command, args, cwd = root) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) console.error(stdout + stderr)
  return status === 0
}

function expect(subject, what, holds) {
  console.log(`${holds ? 'ok  ' : 'FAIL'} ${subject}: ${what}`)
  if (!holds) failures++
}

function manifestOf(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
}
