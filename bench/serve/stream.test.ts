import { describe, expect, it } from 'vitest'
import { events } from './stream.js'

const text = [
  ': waiting\n\n',
  'data: {"choices":[{"text":"é"}]}\n\n',
  'data: {"choices":[],"usage":{"completion_tokens":3}}\n\n',
  'data: [DONE]\n\n',
].join('')

async function* inPieces(whole: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(whole)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('events', () => {
  it.each([1, 7, 1000])('come whole out of pieces of %d bytes', async (size) => {
    const found = []
    for await (const event of events(inPieces(text, size))) found.push(event)
    expect(found).toEqual([{ choices: [{ text: 'é' }] }, { choices: [], usage: { completion_tokens: 3 } }])
  })

  it('fail where the server says that it did', async () => {
    const broken = events(inPieces('data: {"error":{"message":"out of memory"}}\n\n', 9))
    await expect(broken.next()).rejects.toThrow('out of memory')
  })
})
