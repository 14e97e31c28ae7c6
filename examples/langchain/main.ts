import { loadModel } from '@foretoken/backend-llama'
import { draftModel } from '@foretoken/core'
import { draft, target } from '@foretoken/demo-models'
import { createServer, openEngine } from '@foretoken/server'
import { ChatPromptTemplate } from '@langchain/core/prompts'
import { ChatOpenAI } from '@langchain/openai'
import { z } from 'zod'

const model = await loadModel({ path: target, sequences: 2 })
const small = await loadModel({ path: draft, sequences: 2 })
const engine = openEngine({ id: 'demo', target: model, strategies: { 'draft-model': draftModel({ model: small }) } })
const server = createServer({ engine })
const { url } = await server.listen({ port: 0 })

const chat = new ChatOpenAI({
  model: 'demo',
  apiKey: 'none is needed',
  configuration: { baseURL: `${url}/v1` },
  temperature: 0,
  maxTokens: 48,
})

// A chain, streamed.
const chain = ChatPromptTemplate.fromTemplate('Write a function named {name}.').pipe(chat)
let streamed = ''
for await (const { text } of await chain.stream({ name: 'clamp' })) {
  process.stdout.write(text)
  streamed += text
}

// An object that fits a schema: the server lets through no token that does not.
const answer = z.object({ name: z.string().max(12), age: z.int().min(0).max(120) })
const person = await chat.withStructuredOutput(answer, { method: 'jsonSchema' }).invoke('A user of the system.')
console.log('\n\n', person)

await server.close()
await small.dispose()
await model.dispose()

if (streamed === '' || !answer.safeParse(person).success) {
  console.error('Nothing was streamed, or the object does not fit its schema: this must not be.')
  process.exitCode = 1
}
