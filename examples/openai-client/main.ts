import { loadModel } from '@foretoken/backend-llama'
import { draftModel } from '@foretoken/core'
import { draft, target } from '@foretoken/demo-models'
import { createServer, openEngine } from '@foretoken/server'
import OpenAI from 'openai'

// The server, in this process. `foretoken serve` is the same from a shell.
const model = await loadModel({ path: target, sequences: 2 })
const small = await loadModel({ path: draft, sequences: 2 })
const engine = openEngine({ id: 'demo', target: model, strategies: { 'draft-model': draftModel({ model: small }) } })
const server = createServer({ engine })
const { url } = await server.listen({ port: 0 })

// From here on: OpenAI's own client, as it comes.
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none is needed' })

const request = {
  model: 'demo',
  messages: [{ role: 'user' as const, content: 'Write a function that adds two numbers.' }],
  max_completion_tokens: 48,
  temperature: 0,
}
let streamed = ''
const stream = await client.chat.completions.create({ ...request, stream: true })
for await (const { choices } of stream) {
  const text = choices[0]?.delta.content ?? ''
  process.stdout.write(text)
  streamed += text
}

// Once more, with what the answer will be for the most part: that is drafted, without any model. In an editor, it is the
// file before the change: here, the answer with another third line.
const before = streamed.split('\n').with(2, ' * To be changed.').join('\n')
const { usage } = await client.chat.completions.create({
  ...request,
  prediction: { type: 'content', content: before },
})
const details = usage?.completion_tokens_details
console.log(
  `\n\n${usage?.completion_tokens} tokens; of the prediction, ${details?.accepted_prediction_tokens} were accepted ` +
    `and ${details?.rejected_prediction_tokens} were not`,
)

await server.close()
await small.dispose()
await model.dispose()

if (streamed === '' || !details?.accepted_prediction_tokens) {
  console.error('Nothing was streamed, or nothing of the prediction was accepted: this must not be.')
  process.exitCode = 1
}
