import { ForetokenError } from '@foretoken/core'
import type { Context } from '../pull/context.js'
import { persist } from '../pull/persist.js'
import { passing, request } from '../pull/request.js'

/** How much is asked for at first, and at most at once: the heads of models take from 100 kB to some 10 MB. */
const firstBytes = 1 << 18
const mostBytes = 1 << 22

/** A file on the Hub of which only the start comes here, as far as it is read. */
export class RemoteHead {
  /** Bytes of the whole file. */
  readonly size: number
  readonly #context: Context
  readonly #name: string
  readonly #address: string
  #start = new Uint8Array(0)

  /** @param name What errors call it. */
  constructor(context: Context, file: { readonly name: string; readonly address: string; readonly size: number }) {
    this.#context = context
    this.#name = file.name
    this.#address = file.address
    this.size = file.size
  }

  /** What has come so far, from the first byte on. */
  get start(): Uint8Array<ArrayBuffer> {
    return this.#start
  }

  /** Bytes from `position` on; fewer than `length` only where the file has no more. */
  async read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const end = Math.min(this.size, position + length)
    while (this.#start.length < end) {
      const from = this.#start.length
      // As much again as there is: few requests for long heads, few bytes too many for short ones.
      const step = Math.min(mostBytes, Math.max(firstBytes, from))
      const bytes = await this.#fetch(from, Math.min(this.size, from + step))
      const joined = new Uint8Array(from + bytes.length)
      joined.set(this.#start)
      joined.set(bytes, from)
      this.#start = joined
    }
    return this.#start.slice(position, end)
  }

  /** What has come stays. */
  async close(): Promise<void> {}

  #fetch(from: number, to: number): Promise<Uint8Array> {
    return persist(this.#context, `reading the head of ${this.#name}`, async () => {
      const range = new Headers({ range: `bytes=${from}-${to - 1}` })
      const { response, close } = await request(this.#context, this.#address, range)
      try {
        const { body, status, headers } = response
        if (status !== 206 || !headers.get('content-range')?.startsWith(`bytes ${from}-${to - 1}/`)) {
          await body?.cancel()
          throw new ForetokenError(
            'runtime',
            `${new URL(this.#address).host} gives no parts of files, so the head of ${this.#name} cannot be read alone. ` +
              `Download it whole: foretoken pull ${this.#name}`,
          )
        }
        return new Uint8Array(await response.arrayBuffer())
      } catch (error) {
        throw passing(error, new URL(this.#address), this.#context.patience.silence)
      } finally {
        close()
      }
    })
  }
}
