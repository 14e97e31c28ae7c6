// The licences of all that users of the published packages install. Ends with 1 if one is not on the list.
import { execFileSync } from 'node:child_process'
import { publicPackages, root } from './packages.mjs'

/** Those that ask for no more than to be named. */
const permissive = new Set([
  '0BSD',
  'AFL-2.1',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
])

/** `(MIT OR CC0-1.0)`: one of them has to be on the list; `A AND B`: all. */
function isPermissive(licence) {
  const alternatives = licence.replace(/[()]/g, '').split(/ OR /i)
  return alternatives.some((each) => each.split(/ AND /i).every((name) => permissive.has(name.trim())))
}

const filters = publicPackages().flatMap(({ manifest }) => ['--filter', manifest.name])
const listed = execFileSync('pnpm', [...filters, 'licenses', 'list', '--prod', '--json'], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 2 ** 26,
})
const groups = Object.entries(JSON.parse(listed)).toSorted(([, a], [, b]) => b.length - a.length)
let refused = 0
for (const [licence, packages] of groups) {
  const fine = isPermissive(licence)
  const names = packages.map(({ name }) => name).join(' ')
  console.log(
    `${fine ? 'ok  ' : 'FAIL'} ${licence.padEnd(36)} ${String(packages.length).padStart(4)}${fine ? '' : `  ${names}`}`,
  )
  if (!fine) refused += packages.length
}
console.log(
  `${groups.reduce((sum, [, packages]) => sum + packages.length, 0)} packages, ${refused} with a licence that is not on the list`,
)
process.exit(refused ? 1 : 0)
