import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from './index.js'
import { targetPath } from './test-models.js'

describe('a model by address', () => {
  const server = createServer((_request, response) => response.writeHead(404).end())
  let address = ''
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  it('that is a file here is loaded from it', async () => {
    const model = await loadModel({ uri: targetPath, gpu: false })
    expect(model.info.path).toBe(targetPath)
    await model.dispose()
  })

  it.each([
    [
      'is not there',
      () => `${address}/none.gguf`,
      /could not be downloaded \(the server answered 404\)\. Check the address/,
    ],
    ['has no server', () => 'http://127.0.0.1:9/none.gguf', /could not be downloaded \(.*(ECONNREFUSED|bad port)/],
    ['is none', () => 'no-such-model', /could not be downloaded \(No model file found/],
  ])('that %s is refused', async (_, uri, message) => {
    await expect(loadModel({ uri: uri(), gpu: false })).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(message),
    })
  })

  it('is given up at a signal', async () => {
    const controller = new AbortController()
    const loading = loadModel({ uri: `${address}/none.gguf`, gpu: false, signal: controller.signal })
    controller.abort(new Error('changed my mind'))
    await expect(loading).rejects.toThrow('changed my mind')
  })
})
