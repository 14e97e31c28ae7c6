/* For nginx's njs: which conversation a request goes on with, told by how it begins. */

/** So much of a prompt without messages, in characters: what is before the end of a long one stays as it is. */
const promptStart = 1024

/**
 * What stays the same from a conversation's first turn to its last: the model, and the messages up to the first of the
 * user. Of a plain prompt, its start.
 */
function beginning(body) {
  const request = JSON.parse(body)
  const messages = request.messages
  if (!Array.isArray(messages)) return JSON.stringify([request.model, request.prompt]).slice(0, promptStart)
  const first = messages.findIndex((message) => message.role === 'user')
  return JSON.stringify([request.model, messages.slice(0, first + 1 || 1)])
}

function route(r) {
  try {
    r.variables.conversation = beginning(r.requestText)
  } catch (error) {
    // The replica tells the client what is wrong with it.
    r.log(error.message)
  }
  r.internalRedirect('@replicas')
}

// njs imports nothing else.
// oxlint-disable-next-line import/no-default-export
export default { beginning, route }
