import { APIError, APIUserAbortError } from 'openai'
import type { ChatCompletionChunk } from 'openai/resources'

/**
 * The text of an answer as it comes. When the stream breaks it is asked for again, and what had been said is skipped: the
 * same text comes again if the temperature is 0 or the request has a seed.
 *
 * @param ask Sends the request.
 * @param attempts How often, the first time counted.
 * @throws what the client throws, and when another text comes.
 */
export async function* persistent(
  ask: () => Promise<AsyncIterable<ChatCompletionChunk>>,
  attempts = 3,
): AsyncGenerator<string, void> {
  let said = ''
  for (let left = attempts - 1; ; left--) {
    try {
      let [again, complete] = ['', false]
      for await (const chunk of await ask()) {
        const choice = chunk.choices[0]
        again += choice?.delta.content ?? ''
        complete ||= Boolean(choice?.finish_reason)
        if (!again.startsWith(said) && !said.startsWith(again)) throw new AnotherText()
        const fresh = again.slice(said.length)
        said += fresh
        if (fresh !== '') yield fresh
      }
      if (complete) return
      throw new TypeError('The stream ended before the answer did.')
    } catch (error) {
      if (left === 0 || !mayPass(error)) throw error
    }
  }
}

export class AnotherText extends Error {
  override message = 'The answer broke off, and another one came: ask with temperature 0 or a seed.'
}

/** A connection that broke is a TypeError of fetch; what the server refuses has a status. */
function mayPass(error: unknown): boolean {
  if (error instanceof APIUserAbortError) return false
  if (error instanceof APIError) return error.status === undefined || error.status >= 500
  return error instanceof TypeError
}
