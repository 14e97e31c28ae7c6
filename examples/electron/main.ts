import { MessageChannel } from 'node:worker_threads'
import { draft, target } from '@foretoken/demo-models'
import { answerOver } from './app/answer.js'
import type { Answer, Ask, Port, Stop } from './app/protocol.js'

/* Without Electron: the model's side of the application, over a MessagePort of Node's in the place of Electron's. */

const { port1, port2 } = new MessageChannel()
const port: Port = {
  on: (event, listener) => port1.on(event, (data: unknown) => listener({ data })),
  postMessage: (message) => port1.postMessage(message),
  start: () => port1.start(),
}
await answerOver(port, { target, draft })

const say = (message: Ask | Stop): void => port2.postMessage(message)
const answers: Answer[] = []
const finished = new Promise<void>((resolve) => {
  port2.on('message', (answer: Answer) => {
    answers.push(answer)
    if ('text' in answer && answer.id === 1) process.stdout.write(answer.text)
    // The second is stopped as soon as it speaks.
    if ('text' in answer && answer.id === 2) say({ stop: 2 })
    if (answer.id === 3 && !('text' in answer)) resolve()
  })
})
say({ id: 1, prompt: 'export function clamp(', maxTokens: 32 })
say({ id: 2, prompt: 'export const colors = {', maxTokens: 4000 })
say({ id: 3, prompt: 'import ', maxTokens: 8 })
await finished
port2.close()

const last = (id: number): Answer => answers.findLast((answer) => answer.id === id)!
console.log(`\n\n${JSON.stringify(last(1))}\n${JSON.stringify(last(2))}\n${JSON.stringify(last(3))}`)
if (!('done' in last(1)) || !('error' in last(2)) || !('done' in last(3))) {
  console.error('An answer did not end, or could not be stopped: this must not be.')
  process.exitCode = 1
}
// The models end with their process, as in the application.
process.exit()
