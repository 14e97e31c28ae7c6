/**
 * The data of server-sent events, as they come in. Comments (the server's heartbeats) and other fields are passed over.
 */
export async function* serverSentData(body: ReadableStream<Uint8Array>): AsyncGenerator<string, undefined> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let rest = ''
  let data: string[] = []
  try {
    for (;;) {
      const { done, value } = await reader.read()
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true })
      const lines = rest.split('\n')
      rest = lines.pop()!
      for (const each of lines) {
        const line = each.endsWith('\r') ? each.slice(0, -1) : each
        if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5))
        else if (line === '' && data.length > 0) {
          yield data.join('\n')
          data = []
        }
      }
      if (done) return undefined
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
