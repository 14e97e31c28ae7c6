/* The command line in a process of its own that tells its parent of its memory, and ends when the parent is gone. */

process.on('message', () => {
  // What is not wanted any more is no growth.
  globalThis.gc?.()
  process.send!(process.memoryUsage())
})
process.on('disconnect', () => process.exit())

// Only now, as it does not return before the program ends.
await import('../../cli/src/main.js')
