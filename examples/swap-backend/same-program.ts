import { readFile } from 'node:fs/promises'

/* That main.ts is the program of the quick start, but for what it imports. */

const linesOf = async (path: string): Promise<string[]> =>
  (await readFile(new URL(path, import.meta.url), 'utf8')).split('\n')

const [before, after] = [await linesOf('../quick-start/main.ts'), await linesOf('main.ts')]
const changed = after.flatMap((line, i) => (line === before[i] ? [] : [`- ${before[i]}`, `+ ${line}`]))
console.log(`\nAgainst ../quick-start/main.ts:\n${changed.join('\n')}`)

const imports = (name: string): RegExp => new RegExp(`^[-+] import .* from '@foretoken/${name}'$`)
const expected = ['backend-llama', 'backend-onnx', 'demo-models', 'demo-models'].map(imports)
if (
  before.length !== after.length ||
  changed.length !== expected.length ||
  !changed.every((line, i) => expected[i]!.test(line))
) {
  console.error('The programs differ by more than one import and the paths of the models: this must not be.')
  process.exitCode = 1
}
