import type { OpenAI } from 'openai'
import { ask } from './ask.js'
import type { Case } from './cases.js'

export interface Victim {
  readonly url: string
  readonly model: string
  readonly client: OpenAI
  /** The same with a key that the server does not know. */
  readonly stranger: OpenAI
  readonly key: string
}

/**
 * What clients do that they should not. Each rejects with what the client makes of the answer, and resolves with what is
 * wrong with it when there is anything.
 */
export const misdeeds = { leaves, despairs, stammers, intrudes, overflows }

export type Misdeed = keyof typeof misdeeds

/** Goes away in the middle of the answer. */
async function leaves(victim: Victim, one: Case): Promise<undefined> {
  const controller = new AbortController()
  await untilAborted(victim, one, controller, () => controller.abort())
}

/** Goes away soon, whatever has come until then: as a rule it waits for its turn. */
async function despairs(victim: Victim, one: Case): Promise<undefined> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), 100)
  await untilAborted(victim, one, controller)
  clearTimeout(timer)
}

async function untilAborted(
  { client, model }: Victim,
  one: Case,
  controller: AbortController,
  onChunk?: () => void,
): Promise<void> {
  const { signal } = controller
  try {
    await ask(client, { ...one, maxTokens: 400 }, { model, signal, ...(onChunk && { onChunk }) })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function stammers({ url, key }: Victim): Promise<string | undefined> {
  const answer = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: '{"model": "demo", "prompt": ',
  })
  await answer.text()
  return expected(400, answer.status, 'malformed JSON')
}

async function intrudes({ stranger, model }: Victim, one: Case): Promise<string | undefined> {
  return expected(401, await statusOf(ask(stranger, one, { model })), 'a wrong key')
}

async function overflows({ client, model }: Victim, one: Case): Promise<string | undefined> {
  const endless = { ...one, prompt: one.prompt.padEnd(40_000, ' and so on') }
  return expected(400, await statusOf(ask(client, endless, { model })), 'a prompt beyond the context')
}

/** @throws what is no refusal. */
async function statusOf(answer: Promise<unknown>): Promise<number> {
  try {
    await answer
    return 200
  } catch (error) {
    const { status } = error as { status?: number }
    if (status === undefined) throw error
    return status
  }
}

/** Who is told that the server stops has not been let down. */
function expected(wanted: number, status: number, what: string): string | undefined {
  return status === wanted || status === 503 ? undefined : `${what} was answered with ${status}`
}
