import type { Answer, Order } from './child.js'
import type { Decoding, Setup } from './contender.js'

export type ChildSetup = Omit<Setup, 'signal'>

/**
 * The other end of `peerInChild`: answers orders until the parent goes.
 *
 * @param open Loads what is needed, at the first order.
 */
export function serve(open: (setup: ChildSetup) => Promise<(order: Order) => Promise<Decoding>>): void {
  const setup = JSON.parse(process.argv[2]!) as ChildSetup
  let opening: ReturnType<typeof open> | undefined
  process.on('message', (order: Order) => {
    opening ??= open(setup)
    opening
      .then((decode) => decode(order))
      .then(
        (decoding): Answer => ({ decoding }),
        (error: unknown): Answer => ({
          error: error instanceof Error ? error.message : String(error),
        }),
      )
      .then((answer) => process.send!(answer))
      .catch(() => process.exit(1))
  })
  process.on('disconnect', () => process.exit())
}
