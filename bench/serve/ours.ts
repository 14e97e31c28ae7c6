import { startServe } from '../../apps/server/bench/serve-process.js'
import { buildCpuKernels } from '../../packages/backend-llama/src/index.js'
import { type Setup, type Side, withoutDrafts } from './side.js'
import { complete } from './stream.js'

/** `foretoken serve` on kernels that are built for this machine: one process, with drafts and without. */
export async function foretoken(setup: Setup): Promise<{ sides: readonly Side[]; stop(): Promise<void> }> {
  const { target, draft, threads, contextSize, slots, maxTokens, signal } = setup
  await buildCpuKernels({ gpu: false, signal })
  const numbers = { threads, context: contextSize, parallel: slots, queue: slots }
  const args = ['-m', target, '-d', draft, '--gpu', 'off']
  const server = await startServe({
    args: [...args, ...Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)])],
    signal,
  })
  const ask = (prompt: string, more: object) => {
    const body = { model: server.model, prompt, max_tokens: maxTokens, temperature: 0, ...more }
    return complete(`${server.url}/v1/completions`, body, signal)
  }
  return {
    sides: [
      { roles: ['on'], setting: 'as it comes', ask: (prompt) => ask(prompt, {}) },
      {
        roles: ['off'],
        setting: 'speculative: { enabled: false }',
        ask: (prompt) => ask(withoutDrafts(prompt), { speculative: { enabled: false } }),
      },
    ],
    stop: async () => void (await server.terminate(60_000)),
  }
}
