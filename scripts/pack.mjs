// Packs packages as they would be published, for a project outside of the workspace to install before there is a release.
//
//     npm run pack -- <folder> <package…>
//     npm run pack -- /tmp/foretoken backend-llama ai-sdk-provider
//
// What they need of ours is packed with them: `npm install <folder>/*.tgz` has all it takes.
import { resolve } from 'node:path'
import { pack, publicPackages } from './packages.mjs'

const [folder, ...wanted] = process.argv.slice(2)
const packages = new Map(publicPackages().map((each) => [each.manifest.name, each]))
const nameOf = (word) => [...packages.keys()].find((name) => name === word || name === `@foretoken/${word}`)
const unknown = wanted.filter((word) => nameOf(word) === undefined)
if (folder === undefined || wanted.length === 0 || unknown.length > 0) {
  if (unknown.length > 0) console.error(`There is no package ${unknown.join(', ')}.`)
  console.error(`npm run pack -- <folder> <package…>, of ${[...packages.keys()].join(', ')}`)
  process.exit(2)
}

const needed = new Set(wanted.map(nameOf))
// Grows while it is gone through: what is needed needs something itself.
for (const name of needed) {
  const { dependencies = {}, peerDependencies = {} } = packages.get(name).manifest
  for (const other of Object.keys({ ...dependencies, ...peerDependencies })) if (packages.has(other)) needed.add(other)
}
const into = resolve(process.env.INIT_CWD ?? '.', folder)
for (const name of needed) {
  pack(packages.get(name), into)
  console.log(`packed ${name}`)
}
console.log(`\nIn your project: npm install ${into}/*.tgz`)
