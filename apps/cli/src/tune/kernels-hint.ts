import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { LlamaModel } from '@foretoken/backend-llama'

/** Says that kernels could be built for this machine, where they could and have not been. */
export async function kernelsHint({ gpu, device }: Pick<LlamaModel, 'gpu' | 'device'>): Promise<string | undefined> {
  const buildable = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
  if (gpu !== false || !buildable || device.includes('built for this machine')) return undefined
  const tools = ['git', process.env.CC ?? 'cc', process.env.CXX ?? 'c++']
  const there = await Promise.all(tools.map(runs))
  if (there.includes(false)) return undefined
  return 'These are the prebuilt CPU kernels. foretoken kernels builds some for this machine, once, in about a minute: passes over several tokens become faster, and drafts gain more.'
}

async function runs(tool: string): Promise<boolean> {
  try {
    await promisify(execFile)(tool, ['--version'])
    return true
  } catch {
    return false
  }
}
