import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ggufBytes, headBytes, type TestModel, words } from '../testing/gguf-file.js'
import { startTestHub, type TestHub } from '../testing/hub-server.js'
import { startPull } from '../testing/pulling.js'
import { locateModel, type LocatedModel } from './locate.js'
import { modelsIn, modelsInCache } from './models-here.js'
import { vocabularyOf } from './vocabulary.js'

/** Weights of 8 MiB; heads of 6 kB and of 1.2 MB. */
const small: TestModel = { name: 'small', tokens: words('a', 200), weights: 2048 }
const large: TestModel = { name: 'large', tokens: words('a-long-word-', 50_000), weights: 2048 }

let hub: TestHub
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-locate-'))
  const [a, b] = [await ggufBytes(small), await ggufBytes(large)]
  const manifest = { format: 'foretoken-bundle', version: 1, target: { file: 'm.gguf' }, draft: { hub: 'o/d:Q4_0' } }
  hub = await startTestHub({
    'o/small': { 'm.gguf': a },
    'o/large': { 'm.gguf': b },
    'o/bundle': { 'foretoken.json': JSON.stringify(manifest), 'm.gguf': a },
    'o/parts': { 'm-00001-of-00002.gguf': a, 'm-00002-of-00002.gguf': a },
    'o/cut': { 'm.gguf': b.subarray(0, 300_000) },
    'o/text': { 'm.gguf': Buffer.from('not a model') },
    'o/onnx': { 'config.json': '{}', 'model.onnx': 'x' },
  })
})
afterAll(async () => {
  await hub.close()
  await rm(folder, { recursive: true })
})

let cache: string
beforeEach(async () => {
  cache = await mkdtemp(join(folder, 'cache-'))
  hub.fault = () => undefined
  hub.seen.length = 0
  hub.sent = 0
})

const locate = (text: string, more: { offline?: boolean; token?: string } = {}): Promise<LocatedModel> =>
  locateModel(text, { endpoint: hub.url, cache, offline: false, ...more })

async function tokensOf(model: LocatedModel): Promise<number> {
  return vocabularyOf(await model.metadata())!.tokens.length
}

describe('a model on the Hub', () => {
  test('is looked into without its weights', async () => {
    const model = await locate('o/small')
    expect(model).toMatchObject({ name: 'o/small', path: 'hf://o/small/m.gguf', here: false })
    expect(await tokensOf(model)).toBe(200)
    expect(headBytes(small)).toBeLessThan(10_000)
    expect(hub.sent).toBe(1 << 18)
    expect(await model.metadata()).toBeDefined()
    expect(hub.sent).toBe(1 << 18)
  })

  test('with a long head comes in a few pieces, and not much more than the head', async () => {
    expect(await tokensOf(await locate('o/large'))).toBe(50_000)
    const head = headBytes(large)
    expect(head).toBeGreaterThan(1 << 20)
    expect(hub.sent).toBeGreaterThanOrEqual(head - 1000)
    expect(hub.sent).toBeLessThan(2 * head)
    expect(hub.seen.filter(({ host }) => host === 'cdn').map(({ range }) => range)).toEqual([
      'bytes=0-262143',
      'bytes=262144-524287',
      'bytes=524288-1048575',
      'bytes=1048576-2097151',
    ])
  })

  test('goes on after a cut, and the token goes to the endpoint alone', async () => {
    let cuts = 1
    hub.fault = ({ host }) => (host === 'cdn' && cuts-- > 0 ? { cutAfter: 1000 } : undefined)
    expect(await tokensOf(await locate('o/small', { token: 'hf_secret' }))).toBe(200)
    for (const { host, authorization } of hub.seen) {
      expect(authorization).toBe(host === 'hub' ? 'Bearer hf_secret' : undefined)
    }
  })

  test('in parts gives each of them', async () => {
    const model = await locate('o/parts')
    expect(model.path).toBe('hf://o/parts/m-00001-of-00002.gguf')
    const second = await model.open!('hf://o/parts/m-00002-of-00002.gguf')
    expect(Buffer.from(await second.read(0, 4)).toString()).toBe('GGUF')
    await expect(model.open!('hf://o/parts/m-00003-of-00002.gguf')).rejects.toThrow(/a part of .* is missing/)
  })

  test('of a bundle names its draft', async () => {
    expect(await locate('o/bundle')).toMatchObject({ path: 'hf://o/bundle/m.gguf', draft: 'o/d:Q4_0' })
  })

  test('that is in the cache is read there', async () => {
    await startPull('o/small', { endpoint: hub.url, cache }).result
    hub.seen.length = 0
    const model = await locate('o/small', { offline: true })
    expect(model).toMatchObject({ name: 'o/small', here: true })
    expect(await tokensOf(model)).toBe(200)
    expect(hub.seen).toEqual([])
    expect(await modelsInCache(cache)).toEqual([model.path])
  })

  test.each<[string, string, RegExp]>([
    ['cut short', 'o/cut', /hf:\/\/o\/cut\/m\.gguf is truncated: it ends in its header/],
    [
      'no GGUF',
      'o/text',
      /Cannot use hf:\/\/o\/text\/m\.gguf as a model: it starts with "not " where a GGUF file starts with "GGUF"/,
    ],
    ['in ONNX', 'o/onnx', /o\/onnx is a model in ONNX\. Pairs are looked for among GGUF files/],
    ['nowhere', 'o/none', /has no public model o\/none/],
  ])('%s is refused', async (_, name, message) => {
    await expect(locate(name).then((model) => model.metadata())).rejects.toThrow(
      expect.objectContaining({ code: 'model-file', message: expect.stringMatching(message) }),
    )
  })

  test('of a server without ranges is not read whole', async () => {
    hub.fault = ({ host }) => (host === 'cdn' ? { status: 200 } : undefined)
    const model = await locate('o/small')
    await expect(model.metadata()).rejects.toThrow(/gives no parts of files.*foretoken pull hf:\/\/o\/small\/m\.gguf/)
  })

  test('is not asked for offline', async () => {
    await expect(locate('o/small', { offline: true })).rejects.toThrow(
      /HF_HUB_OFFLINE is set\. Unset it, or pass a file/,
    )
    expect(hub.seen).toEqual([])
  })
})

test('models in a folder: not the later parts, nor what is none', async () => {
  const models = join(folder, 'models')
  await mkdir(join(models, 'sub.gguf'), { recursive: true })
  const names = ['b.gguf', 'a-00001-of-00002.gguf', 'a-00002-of-00002.gguf', 'mmproj-b.gguf', 'b.imatrix.gguf', 'c.txt']
  for (const name of names) await writeFile(join(models, name), '')
  expect(await modelsIn(models)).toEqual([join(models, 'a-00001-of-00002.gguf'), join(models, 'b.gguf')])
  expect(await modelsIn(join(folder, 'none'))).toEqual([])
})
