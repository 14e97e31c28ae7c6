import { type LlamaModel, loadModel } from '@foretoken/backend-llama'
import { draftModel, type DraftStrategy, ForetokenError, generate } from '@foretoken/core'
import type { Answer, Task } from './tasks.js'

/* The near machine's program: processes.ts starts it, and tells it what to do. */

let target: LlamaModel | undefined
let draft: LlamaModel | undefined
/** One for all texts, as a program has it: what was learnt in one counts in the next. */
let drafting: DraftStrategy | undefined
let warnings: string[] = []

const send = (message: object): void => void process.send!(message)

process.on('message', (task: Task) => {
  ;(task.op === 'open' ? open(task) : say(task)).then(send, (error: Error) =>
    send({ error: error.message, code: ForetokenError.is(error) ? error.code : undefined, said }),
  )
})

let said = ''

async function open({
  target: path,
  draft: draftPath,
  options,
}: Extract<Task, { op: 'open' }>): Promise<Partial<Answer>> {
  await target?.dispose()
  await draft?.dispose()
  const common = { gpu: false, contextSize: 1024 } as const
  const onWarning = (message: string): void => {
    warnings.push(message)
    if (message.includes('was lost')) send({ lostAt: Date.now() })
  }
  target = await loadModel({ ...common, ...options, path, onWarning })
  draft = draftPath === undefined ? undefined : await loadModel({ ...common, threads: 1, path: draftPath })
  drafting = draft && draftModel({ model: draft })
  return { description: target.description, passes: target.passCurve ?? [], spread: target.spread }
}

async function say(task: Extract<Task, { op: 'generate' }>): Promise<Partial<Answer>> {
  warnings = []
  said = ''
  let count = 0
  const { prompt, maxTokens, temperature = 0 } = task
  const strategy = task.drafts ? drafting : undefined
  const sampling = temperature > 0 ? { temperature, seed: 7 } : {}
  for await (const event of generate({ model: target!, prompt, maxTokens, strategy, ...sampling })) {
    said += event.text
    if (event.type === 'token') send({ tokens: ++count })
    if (event.type === 'warning') warnings.push(event.warning.message)
    if (event.type !== 'finish') continue
    const { text, tokens, stats } = event.result
    return { text, streamed: said, tokens: tokens.length, decodeMs: stats.decodeMs, tau: stats.tau, warnings }
  }
  throw new Error('The generation had no end.')
}
