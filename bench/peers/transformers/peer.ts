import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ensureOnnx } from '../../../apps/cli/src/convert/ensure-onnx.js'
import { ForetokenError } from '../../../packages/core/src/index.js'
import { peerInChild } from '../child.js'
import type { Peer, Setup } from '../contender.js'

/** ONNX Runtime under transformers.js, on the target's weights in single precision. It has no speculative decoding. */
export async function transformersJs(setup: Setup): Promise<Peer> {
  return transformersOn({ ...setup, target: await ensureOnnx(setup.target, { type: 'fp32', signal: setup.signal }) })
}

/** The same on an .onnx file, as `target`, in a folder as the Hugging Face Hub lays it out. */
export async function transformersOn(setup: Setup): Promise<Peer> {
  await install(setup.signal)
  return peerInChild('transformers.js', new URL('child.ts', import.meta.url), [{ name: 'plain', role: 'plain' }], setup)
}

/** Half a gigabyte that nothing else here needs: installed by whoever runs this. @throws `runtime` */
async function install(signal: AbortSignal): Promise<void> {
  const folder = fileURLToPath(new URL('..', import.meta.url))
  if (existsSync(`${folder}node_modules/@huggingface/transformers`)) return
  process.stderr.write('installing transformers.js\n')
  // What its packages would run after the installation fetches binaries for GPUs.
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund']
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 2, 2], signal, shell: process.platform === 'win32' })
  const [code] = (await once(npm, 'exit')) as [number | null]
  if (code !== 0) {
    throw new ForetokenError(
      'runtime',
      `npm ci ended with ${code} in ${folder}. --peers chooses others to compare with.`,
    )
  }
}
