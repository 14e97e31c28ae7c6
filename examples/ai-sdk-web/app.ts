import { readFile } from 'node:fs/promises'
import { foretoken } from '@foretoken/ai-sdk-provider'
import { loadModel } from '@foretoken/backend-llama'
import { draftModel } from '@foretoken/core'
import { draft, target } from '@foretoken/demo-models'
import { streamText, type ModelMessage } from 'ai'
import { Hono } from 'hono'

/* The whole application: a page, and an answer that is streamed. */

const large = await loadModel({ path: target, sequences: 2 })
const small = await loadModel({ path: draft, sequences: 2 })
const model = foretoken({ model: large, strategy: draftModel({ model: small }) })

export const app = new Hono()

app.get('/', async (context) => context.html(await readFile(new URL('page.html', import.meta.url), 'utf8')))

app.post('/chat', async (context) => {
  const { messages } = await context.req.json<{ messages: ModelMessage[] }>()
  // When the page is closed, so is the answer.
  const result = streamText({
    model,
    messages,
    maxOutputTokens: 64,
    temperature: 0,
    abortSignal: context.req.raw.signal,
  })
  return result.toTextStreamResponse()
})

/** Frees the models. */
export async function close(): Promise<void> {
  await small.dispose()
  await large.dispose()
}
