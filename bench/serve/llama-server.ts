import { launchLlamaServer } from '../peers/llama-cpp/launch.js'
import { type LlamaCppSetting, plain, settings } from '../peers/llama-cpp/settings.js'
import { type Burst, burst, throughput } from './burst.js'
import type { Role, Setup, Side } from './side.js'
import { complete } from './stream.js'

export interface LlamaSide extends Side {
  stop(): Promise<void>
}

/** llama-server at one setting, with a slot for each client. */
export async function openLlamaSide(
  bin: string,
  setup: Setup,
  setting: LlamaCppSetting,
  roles: readonly Role[],
): Promise<LlamaSide> {
  const server = await launchLlamaServer(bin, setup, setting)
  const ask = (prompt: string, maxTokens: number) => {
    // Nothing but the temperature shapes the distribution, and nothing is left of texts that were there before.
    const own = { samplers: ['temperature'], cache_prompt: false }
    const body = { prompt, max_tokens: maxTokens, temperature: 0, ...own }
    return complete(`${server.address}/v1/completions`, body, setup.signal)
  }
  try {
    // The first text pays for what is allocated on the way.
    await ask('function', 8)
  } catch (error) {
    await server.stop()
    throw error
  }
  return { roles, setting: setting.name, ask: (prompt) => ask(prompt, setup.maxTokens), stop: () => server.stop() }
}

/** What a setting did on the prompts that choose. */
export interface Trial {
  readonly setting: string
  readonly burst?: Burst
  readonly why?: string
}

/** Tries every setting on prompts that do not count, each in a process of its own; one that fails is left out. */
export async function tryAll(
  bin: string,
  setup: Setup,
  prompts: readonly string[],
  onTrial: (trial: Trial) => void,
): Promise<Trial[]> {
  const trials: Trial[] = []
  for (const setting of [plain, ...settings]) {
    const trial = await tryOne(bin, setup, setting, prompts)
    trials.push(trial)
    onTrial(trial)
  }
  return trials
}

async function tryOne(bin: string, setup: Setup, setting: LlamaCppSetting, prompts: readonly string[]): Promise<Trial> {
  const { slots, maxTokens, signal } = setup
  try {
    const side = await openLlamaSide(bin, setup, setting, [])
    try {
      const { ask } = side
      return { setting: setting.name, burst: await burst(prompts, { clients: slots, maxTokens, ask }) }
    } finally {
      await side.stop()
    }
  } catch (error) {
    signal.throwIfAborted()
    return { setting: setting.name, why: (error as Error).message }
  }
}

/** The default, with a draft model and nothing else said, and the fastest, which plain decoding may be: each once. */
export function chosen(trials: readonly Trial[]): { setting: LlamaCppSetting; roles: Role[] }[] {
  const working = trials.flatMap(({ setting, burst }) => (burst ? [{ setting, speed: throughput(burst) }] : []))
  const most = Math.max(...working.map(({ speed }) => speed))
  return working.flatMap(({ setting: name, speed }) => {
    const setting = [plain, ...settings].find((each) => each.name === name)!
    const roles: Role[] = [
      ...(setting.role === 'default' ? ['default' as const] : []),
      ...(speed === most ? ['best' as const] : []),
    ]
    return roles.length > 0 ? [{ setting, roles }] : []
  })
}
