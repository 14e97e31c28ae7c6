import type { ErrorCode } from '@foretoken/core'
import type { ModelConfig } from '../folder/read-config.js'
import type { StaticFiles } from '../folder/static-files.js'
import type { DeviceReport, Provider } from './providers.js'
import type { Rollback } from './cache/cache.js'

/* What the main thread and the worker tell each other. Models and sequences go by numbers that the main thread gives out. */

export interface OpenRequest {
  readonly op: 'open'
  readonly model: number
  /** Absolute path of the .onnx file. */
  readonly file: string
  /** The files of a model whose graphs have fixed sizes; `file` is one of them. */
  readonly static: StaticFiles | undefined
  readonly providers: readonly Provider[]
  /** Whether the first provider was named by the caller: the others are for when it fails. */
  readonly asked: boolean
  readonly contextLength: number
  /** How many can be open at a time. */
  readonly sequences: number
  /** What the graph may leave open. */
  readonly config: Pick<ModelConfig, 'kvHeads' | 'headSize' | 'vocabSize'>
  readonly threads: number
  /** Whether to leave the file's arithmetic as it is. */
  readonly exact: boolean
  /** Whether to count which nodes ran where. */
  readonly placements: boolean
}

export interface Opened {
  /** The version of onnxruntime-node. */
  readonly runtime: string
  readonly rollback: Rollback | 'none'
  /** Whether the arithmetic of quantized weights was changed. */
  readonly patched: boolean
  /** Whether a pass can run several texts, of a token each. */
  readonly shares: boolean
  readonly report: DeviceReport
}

export interface PassRequest {
  readonly op: 'pass'
  readonly model: number
  /** Several only where the model `shares` passes, and each of one token. */
  readonly texts: readonly TextPass[]
}

/** What a pass runs of one text. */
export interface TextTokens {
  readonly tokens: readonly number[]
  /** How many of the last tokens give logits. */
  readonly outputs: number
}

/** The same for a sequence. */
export interface TextPass extends TextTokens {
  readonly sequence: number
  /** How many tokens of the sequence still count: what it holds beyond them is rolled back first. */
  readonly at: number
}

/** For each text rows of logits, one after the other; absent where none were asked for. */
export type PassResult = readonly (Float32Array | undefined)[]

export interface ForkRequest {
  readonly op: 'fork'
  readonly model: number
  readonly sequence: number
  readonly at: number
  /** The number of the copy. */
  readonly copy: number
}

export interface DropRequest {
  readonly op: 'drop'
  readonly model: number
  readonly sequence: number
}

export interface CloseRequest {
  readonly op: 'close'
  readonly model: number
}

export type Request = OpenRequest | PassRequest | ForkRequest | DropRequest | CloseRequest

/** What each request is answered with. */
export interface Results {
  open: Opened
  pass: PassResult
  fork: undefined
  drop: undefined
  close: undefined
}

/** A request with the number that its reply comes back with. */
export interface Call {
  readonly id: number
  readonly request: Request
}

export type Reply =
  | { readonly id: number; readonly value: Results[keyof Results] }
  | { readonly id: number; readonly error: { readonly code: ErrorCode; readonly message: string } }
