import { connect, createServer, type Socket } from 'node:net'

/*
 * What `tc netem delay` does, for kernels without it: passes on what it is sent, each way so many milliseconds later. Started
 * by hosts.ts, which says how many.
 */

const [address, port, inner] = process.argv.slice(2) as [string, string, string]
let delayMs = 0
process.on('message', (ms: number) => (delayMs = ms))
process.on('disconnect', () => process.exit())

function pass(from: Socket, to: Socket): void {
  const waiting: { readonly due: number; readonly chunk: Buffer | undefined }[] = []
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    // Half a millisecond early is nearer than half a millisecond late: timers know whole ones only.
    while (waiting.length > 0 && waiting[0]!.due <= performance.now() + 0.5) {
      const { chunk } = waiting.shift()!
      if (chunk === undefined) to.end()
      else to.write(chunk)
    }
    if (waiting.length > 0) timer = setTimeout(flush, waiting[0]!.due - performance.now())
  }
  const push = (chunk: Buffer | undefined): void => {
    waiting.push({ due: performance.now() + delayMs, chunk })
    if (timer === undefined) flush()
  }
  from.on('data', push)
  from.on('end', () => push(undefined))
  from.on('error', () => to.destroy())
}

createServer({ noDelay: true, allowHalfOpen: true }, (outer) => {
  const worker = connect({ port: Number(inner), host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  // Nobody listens behind it: as if nobody listened here.
  worker.on('error', () => outer.resetAndDestroy())
  pass(outer, worker)
  pass(worker, outer)
}).listen(Number(port), address, () => process.send!('ready'))
