import { existsSync } from 'node:fs'
import { ForetokenError } from '@foretoken/core'

/** What a graph can run on, as ONNX Runtime calls it. */
export type Provider = 'cpu' | 'coreml' | 'webgpu' | 'dml' | 'cuda'

/** What became of one provider that was tried. */
export interface ProviderAttempt {
  readonly provider: Provider
  /** Milliseconds of a pass over one token, once warm; absent when it failed. */
  readonly ms?: number
  /** Why it failed. */
  readonly error?: string
}

/** What a model runs on, and what else was tried. */
export interface DeviceReport {
  readonly provider: Provider
  /** In the order in which they were tried. */
  readonly attempts: readonly ProviderAttempt[]
  /**
   * How many of the graph's nodes run on which of ONNX Runtime's execution providers (`CPUExecutionProvider`). Only where
   * `placements` was asked for.
   */
  readonly placements?: Readonly<Record<string, number>>
}

export const devices: readonly ('auto' | Provider)[] = ['auto', 'cpu', 'coreml', 'webgpu', 'dml', 'cuda']

/** What decides about what to try on a machine. */
export interface Machine {
  readonly platform: NodeJS.Platform
  readonly arch: string
  readonly hasGraphicsCard: boolean
}

export function thisMachine(): Machine {
  // Without a card, the search for it only writes warnings.
  const hasGraphicsCard = existsSync('/dev/dri') || existsSync('/dev/nvidiactl')
  return { platform: process.platform, arch: process.arch, hasGraphicsCard }
}

/**
 * What to try, the likeliest first. The CPU is always the last: it works everywhere.
 *
 * Unless it is asked for, CoreML is for graphs of fixed sizes: stock graphs fall to pieces on it, and are slower than on the CPU.
 */
export function candidates(
  device: 'auto' | Provider,
  isStatic: boolean,
  { platform, arch, hasGraphicsCard }: Machine,
): Provider[] {
  if (device !== 'auto') return device === 'cpu' ? ['cpu'] : [device, 'cpu']
  if (platform === 'darwin') return isStatic && arch === 'arm64' ? ['coreml', 'cpu'] : ['webgpu', 'cpu']
  if (platform === 'win32') return ['dml', 'webgpu', 'cpu']
  return hasGraphicsCard ? ['cuda', 'webgpu', 'cpu'] : ['cpu']
}

/** Something that runs on one provider. */
interface Runner {
  /** Runs one token through it. @returns Milliseconds. @throws when the logits are not finite. */
  probe(): Promise<number>
  release(): Promise<void>
}

/** The first passes compile and allocate. */
const probes = 3

/**
 * Tries each provider by passes over one token, and keeps the one that took the shortest time.
 *
 * @param asked Whether the caller named the first: then the others are tried only when it fails.
 * @throws `runtime` when none works, with what each said.
 */
export async function openFastest<R extends Runner>(
  providers: readonly Provider[],
  asked: boolean,
  open: (provider: Provider) => Promise<R>,
): Promise<{ runner: R; report: DeviceReport }> {
  const attempts: ProviderAttempt[] = []
  let best: { runner: R; provider: Provider; ms: number } | undefined
  let failure: unknown
  for (const provider of providers) {
    if (best && asked) break
    let runner: R | undefined
    try {
      runner = await open(provider)
      let ms = Infinity
      for (let probe = 0; probe < probes; probe++) ms = Math.min(ms, await runner.probe())
      attempts.push({ provider, ms })
      const loser: R | undefined = best && best.ms <= ms ? runner : best?.runner
      if (loser !== runner) best = { runner, provider, ms }
      await loser?.release()
    } catch (error) {
      failure = error
      attempts.push({ provider, error: messageOf(error) })
      await runner?.release()
    }
  }
  if (best) return { runner: best.runner, report: { provider: best.provider, attempts } }
  if (ForetokenError.is(failure)) throw failure
  const said = attempts.map(({ provider, error }) => `${provider}: ${error}`).join('; ')
  throw new ForetokenError('runtime', `ONNX Runtime cannot run the model (${said}). Try another file or device.`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
