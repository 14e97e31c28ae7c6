import { ForetokenError } from '../../../packages/core/src/index.js'
import type { Contender, Decoding, Peer, Setup } from '../contender.js'
import { launchLlamaServer, type LlamaServer } from './launch.js'
import { type LlamaCppSetting, plain, settings } from './settings.js'

/** llama.cpp's server: started when a setting's first prompt comes, and kept until the setting is no longer needed. */
export function llamaServer(bin: string, setup: Setup): Peer {
  const name = 'llama-server'
  const contenders = [plain, ...settings].map((setting): Contender => {
    let server: Promise<LlamaServer> | undefined
    return {
      peer: name,
      name: setting.name,
      role: setting.role,
      async decode(prompt) {
        server ??= start(bin, setup, setting)
        return complete(await server, setup, prompt, setup.maxTokens)
      },
      async close() {
        const running = await server?.catch(() => undefined)
        server = undefined
        await running?.stop()
      },
    }
  })
  return { name, contenders, close: async () => void (await Promise.all(contenders.map((each) => each.close!()))) }
}

async function start(bin: string, setup: Setup, setting: LlamaCppSetting): Promise<LlamaServer> {
  const server = await launchLlamaServer(bin, { ...setup, slots: 1 }, setting)
  // The first text pays for what is allocated on the way.
  await complete(server, setup, 'function', 8)
  return server
}

async function complete(server: LlamaServer, setup: Setup, prompt: string, maxTokens: number): Promise<Decoding> {
  const { temperature, seed, signal } = setup
  const body = {
    prompt,
    n_predict: maxTokens,
    temperature,
    samplers: ['temperature'],
    seed,
    cache_prompt: false,
  }
  try {
    const response = await fetch(`${server.address}/completion`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal,
    })
    return parseCompletion(await response.json())
  } catch (error) {
    signal.throwIfAborted()
    if (ForetokenError.is(error)) throw error
    throw new ForetokenError('runtime', `llama-server failed: ${server.log().trim().split('\n').at(-1)}`, {
      cause: error,
    })
  }
}

/** The server's answer. @throws `runtime` when it holds no timings. */
export function parseCompletion(answer: unknown): Decoding {
  const { content, timings, error } = answer as {
    content?: string
    timings?: { predicted_n: number; predicted_ms: number; draft_n?: number; draft_n_accepted?: number }
    error?: { message: string }
  }
  if (content === undefined || !timings) {
    throw new ForetokenError('runtime', `llama-server answered without timings: ${error?.message ?? 'no reason given'}`)
  }
  return {
    // Its clock runs from the first token, which comes with the prompt, to the last.
    tokens: timings.predicted_n - 1,
    ms: timings.predicted_ms,
    text: content,
    drafted: timings.draft_n,
    accepted: timings.draft_n_accepted,
  }
}
