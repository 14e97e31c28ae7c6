import { authorization } from './run.js'

export interface ModelInfo {
  readonly id: string
  /** Names of the strategies that can be asked for, the default one first. Empty when the server does not tell. */
  readonly strategies: readonly string[]
}

/** The first of the server's models; `undefined` when it does not answer, or wants a key first. */
export async function findModel(key: string | undefined): Promise<ModelInfo | undefined> {
  try {
    const answer = await fetch('v1/models', { headers: authorization(key) })
    if (!answer.ok) return undefined
    const { data } = (await answer.json()) as {
      data?: readonly { id: string; foretoken?: { strategies?: readonly string[] } }[]
    }
    const first = data?.[0]
    return first && { id: first.id, strategies: first.foretoken?.strategies ?? [] }
  } catch {
    return undefined
  }
}
