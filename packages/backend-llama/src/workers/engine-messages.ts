import type { ErrorCode } from '@foretoken/core'
import type { Gpu } from '../runtime.js'

/** What an engine is to do. */
export interface EngineStart {
  /** On the loopback interface. */
  readonly port: number
  readonly library: string
  readonly gpu: Gpu
  /** Which devices. Absent: the GPUs, or else the CPU. */
  readonly names: readonly string[] | undefined
  readonly threads: number | undefined
  readonly cacheFolder: string | undefined
}

export interface EngineDevice {
  readonly name: string
  readonly description: string
  /** Bytes. */
  readonly free: number
  readonly total: number
}

/** What an engine tells. `ready` comes before it listens. */
export type EngineReport =
  | {
      readonly type: 'ready'
      readonly release: string
      readonly threads: number
      readonly kernels: string | undefined
      readonly devices: readonly EngineDevice[]
    }
  | { readonly type: 'pong' }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }
