import type { Hosts } from './hosts.js'
import type { KillOptions } from './kills.js'
import { startWorkerProcess } from './processes.js'

/** What became of a generation whose worker stopped to answer, or whose wire was cut. */
export interface Fault {
  readonly kind: 'hang' | 'cut'
  /** Seconds until it was noticed. */
  readonly noticed: number
  /** Whether the text was that of the undisturbed generation. */
  readonly whole: boolean
}

/** A worker that hangs in the middle of a text and is then replaced; a wire that is cut and later mended. */
export async function disturb(
  hosts: Hosts,
  { near, prompts, texts, maxTokens, workers, args }: KillOptions,
): Promise<Fault[]> {
  const faults: Fault[] = []
  for (const kind of ['hang', 'cut'] as const) {
    const host = hosts.far[0]!
    const answer = near.ask({ op: 'generate', prompt: prompts[0]!, maxTokens, drafts: false })
    await near.said(5)
    const lost = near.lost()
    const started = Date.now()
    if (kind === 'hang') workers[0]!.freeze()
    else await hosts.cut(host, true)
    const noticed = ((await lost) - started) / 1000
    if (kind === 'hang') {
      await workers[0]!.kill()
      workers[0] = await startWorkerProcess(host, args)
    } else {
      await hosts.cut(host, false)
    }
    const { text, streamed } = await answer
    faults.push({ kind, noticed, whole: text === texts[0]![0] && streamed === text })
  }
  return faults
}
