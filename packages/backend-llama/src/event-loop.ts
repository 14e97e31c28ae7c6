/** How long synchronous passes may hold the event loop before timers, sockets and signals get a turn, in milliseconds. */
const longestHold = 10

let turn = 0
let armed = false
let turnStart = 0

/**
 * A number that changes when the event loop comes round. Promise callbacks all run within one turn.
 * One for the process: a target and its draft hold the same loop.
 */
export function currentTurn(): number {
  if (!armed) {
    armed = true
    turnStart = performance.now()
    setImmediate(() => {
      armed = false
      turn++
    })
  }
  return turn
}

/** Whether the event loop was held so long that other work must have a turn before the next synchronous pass. */
export function needsTurn(): boolean {
  return armed && performance.now() - turnStart > longestHold
}

/** Resolves when timers, sockets and signals have had their turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
