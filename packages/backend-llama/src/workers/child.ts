import { ForetokenError } from '@foretoken/core'
import { loadDirectly } from '../load-direct.js'
import { checkOptions } from '../options.js'
import { serveModel } from '../remote/serve.js'
import { openRuntime } from '../runtime.js'
import type { ChildReport, ChildStart } from './child-messages.js'
import { openRpc } from './rpc.js'

/*
 * The process that holds a spread model. llama.cpp ends its process when a worker is lost: this one, not the caller's.
 * Started by spread.ts.
 */

/** The file for rows of logits, after stdin, stdout, stderr and the channel. */
const rowsFile = 4

const tell = (report: ChildReport): void => void process.send!(report)
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
process.once('message', (start: ChildStart) => {
  open(start).catch((error: unknown) => {
    const code = ForetokenError.is(error) ? error.code : 'runtime'
    tell({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) })
  })
})

async function open({ gpu, plan, layout, options }: ChildStart): Promise<void> {
  const runtime = await openRuntime(gpu)
  const rpc = openRpc(runtime, layout.rpcPath)
  const devices = []
  for (const { endpoint, layers } of layout.workers) {
    const found = await rpc.devicesOf(endpoint)
    for (const [index, count] of layers.entries()) devices.push({ device: found[index]!, layers: count })
  }
  const checked = checkOptions({
    ...options,
    path: plan.info.path,
    gpu,
    onProgress: ({ fraction }) => tell({ type: 'progress', fraction }),
    onWarning: (message) => tell({ type: 'warning', message }),
  })
  const spread = { workers: devices, near: layout.near }
  const model = await loadDirectly(runtime, runtime.calls!, { ...plan, spread }, checked)
  const { capabilities, contextLength, vocabSize, calibration, threads, device } = model
  process.on('message', serveModel(model, rowsFile, (reply) => void process.send!(reply)) as (message: unknown) => void)
  tell({ type: 'opened', opened: { capabilities, contextLength, vocabSize, calibration, threads, device } })
}
