// Writes src/kernels/binary.ts from src/kernels/kernels.wat. Run it after a change of the latter.
import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import createWabt from 'wabt'

const source = new URL('../src/kernels/kernels.wat', import.meta.url)
const target = new URL('../src/kernels/binary.ts', import.meta.url)

/** The text of binary.ts. */
export async function buildKernels() {
  const wabt = await createWabt()
  const module = wabt.parseWat('kernels.wat', await readFile(source, 'utf8'), { simd: true })
  module.validate()
  const bytes = module.toBinary({}).buffer
  module.destroy()
  // Browsers refuse to compile more than that synchronously.
  if (bytes.length > 4096) throw new Error(`The kernels take ${bytes.length} bytes: 4096 are allowed.`)
  return `/** kernels.wat, assembled by scripts/build-kernels.mjs: ${bytes.length} bytes. */
// prettier-ignore
export const binary = Uint8Array.of(
${lines(bytes).join('\n')}
)
`
}

function lines(bytes) {
  const result = []
  for (let i = 0; i < bytes.length; i += 24) result.push(`  ${bytes.slice(i, i + 24).join(', ')},`)
  return result
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(target, await buildKernels())
