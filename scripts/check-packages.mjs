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
import { dirname, join } from 'node:path'
import { entriesOf, pack, publicPackages, root } from './packages.mjs'

const temporary = mkdtempSync(join(tmpdir(), 'foretoken-pack-'))
const modules = join(temporary, 'node_modules')
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

const packages = publicPackages()

try {
  for (const each of packages) each.packed = unpack(each)
  for (const each of packages) check(each)
  smoke()
} finally {
  rmSync(temporary, { recursive: true })
}
if (failures) console.error(`\n${failures} ${failures === 1 ? 'problem' : 'problems'} in the packed packages.`)
process.exit(failures ? 1 : 0)

/** Packs a package, and unpacks it where an installation would have put it. */
function unpack({ folder, manifest }) {
  const into = join(modules, manifest.name)
  mkdirSync(into, { recursive: true })
  const tarball = pack({ folder, manifest }, temporary)
  execFileSync('tar', ['-xzf', tarball, '-C', into, '--strip-components=1'])
  // What a user of the package adds, too.
  const optional = Object.keys(manifest.peerDependenciesMeta ?? {})
  for (const name of [...Object.keys(manifest.dependencies ?? {}), ...optional]) {
    const link = join(modules, name)
    if (manifest.dependencies[name]?.startsWith('workspace:') || existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(realpathSync(join(folder, 'node_modules', name)), link)
  }
  return { tarball, into }
}

function check({ manifest, packed: { tarball, into } }) {
  const packed = readFileSync(join(into, 'package.json'), 'utf8')
  const files = readdirSync(into, { recursive: true, encoding: 'utf8' })
  expect(manifest.name, 'no source condition or workspace range is left', !/@foretoken\/source|workspace:/.test(packed))
  expect(manifest.name, 'has LICENSE and README.md', files.includes('LICENSE') && files.includes('README.md'))
  expect(manifest.name, 'has no tests', !files.some((file) => file.includes('.test.')))
  expect(manifest.name, 'publint', run('publint', ['run', tarball, '--strict']))
  // A program has no types to check.
  if (manifest.exports?.['.']) expect(manifest.name, 'attw', run('attw', [tarball, '--profile', 'esm-only']))
}

/** Node itself, without our source condition, loads every entry point of every package. */
function smoke() {
  for (const { manifest } of packages) {
    for (const name of entriesOf(manifest)) {
      const loads = run(process.execPath, ['--input-type=module', '-e', `await import('${name}')`], temporary)
      expect(name, 'loads', loads)
    }
    for (const [command, file] of Object.entries(manifest.bin ?? {})) {
      const starts = run(process.execPath, [join(modules, manifest.name, file), '--help'], temporary)
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
