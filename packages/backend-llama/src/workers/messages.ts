import type { EngineDevice } from './engine-messages.js'

/**
 * What near machine and worker say to each other over HTTP, on the port that llama.cpp's own protocol is spoken on, too:
 * `GET /` tells what the worker is; `POST /claim` takes it, for as long as `POST /beat` comes; `POST /release` gives it
 * back; `POST /sink` swallows what it is sent, to measure the wire.
 */
export interface WorkerInfo {
  /** The version of these messages. */
  readonly foretoken: number
  /** Of llama.cpp. Both ends must have the same. */
  readonly release: string
  /** The version of llama.cpp's RPC protocol. */
  readonly protocol: string
  /** Another one after each start of the worker. */
  readonly instance: string
  readonly devices: readonly EngineDevice[]
  readonly threads: number
  /** What its CPU code was built for. */
  readonly kernels: string | undefined
  /** The most bytes that a client may use of it, all devices together. */
  readonly memory: number
  readonly busy: boolean
}

export interface Claim {
  /** Who claims. The same one may claim again, at any time. */
  readonly owner: string
  readonly foretoken: number
  readonly release: string
  /** Bytes that it will use. */
  readonly bytes: number
  /** For the worker's people. */
  readonly model: string
}

export const messagesVersion = 1

/** A worker is given back when its owner has been silent for so long, in milliseconds. */
export const silenceMs = 10_000
