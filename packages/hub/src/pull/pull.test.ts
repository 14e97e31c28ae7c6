import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { draft, draftOnnx } from '@foretoken/demo-models'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { gitSha1, type Repo, type Seen, sha256, startTestHub, type TestHub } from '../testing/hub-server.js'
import { listing, startPull } from '../testing/pulling.js'

let weights: Buffer
let hub: TestHub
let cache: string
beforeAll(async () => {
  weights = await readFile(draft)
  hub = await startTestHub({})
})
afterAll(() => hub.close())
beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), 'foretoken-pull-'))
  hub.repos['o/r'] = { 'README.md': 'About it.\n', 'm-Q4_0.gguf': weights }
  hub.fault = () => undefined
  hub.seen.length = 0
  hub.sent = 0
})
afterEach(() => rm(cache, { recursive: true }))

const start = (name: string, more: Parameters<typeof startPull>[2] = {}) =>
  startPull(name, { endpoint: hub.url, cache }, more)
const downloads = (): Seen[] => hub.seen.filter(({ host }) => host === 'cdn')
/** Not by `toEqual`, which takes seconds for it. */
const isWhole = async (path: string) => weights.equals(await readFile(path))
const blob = (content: Uint8Array | string) => join(cache, 'models--o--r', 'blobs', sha256(content))
const part = (content: Uint8Array) => `${blob(content)}.foretoken.incomplete`

describe('a pull', () => {
  test('puts a file where every tool of the Hub looks for it', async () => {
    const { result, progress } = start('o/r')
    const commit = hub.commitOf('o/r')
    const { target, ...rest } = await result
    expect(rest).toEqual({ name: 'o/r', repo: 'o/r', commit, files: [target] })
    expect(target).toBe(join(cache, 'models--o--r', 'snapshots', commit, 'm-Q4_0.gguf'))
    expect(await isWhole(target)).toBe(true)
    // As https://huggingface.co/docs/hub/local-cache says it.
    expect(await listing(cache)).toEqual([
      `models--o--r/blobs/${sha256(weights)}`,
      'models--o--r/refs/main',
      `models--o--r/snapshots/${commit}/m-Q4_0.gguf -> ../../blobs/${sha256(weights)}`,
    ])
    expect(await readFile(join(cache, 'models--o--r', 'refs', 'main'), 'utf8')).toBe(commit)
    const sizes = progress.map(({ bytes }) => bytes)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
    expect(progress.at(-1)).toEqual({ file: 'm-Q4_0.gguf', bytes: weights.length, total: weights.length })
  })

  test('of what is there downloads nothing; of a new commit only what has changed', async () => {
    await start('o/r').result
    await start('o/r').result
    expect(downloads()).toHaveLength(1)
    hub.repos['o/r'] = { 'README.md': 'More about it.\n', 'm-Q4_0.gguf': weights }
    const { commit, target } = await start('o/r').result
    expect(commit).toBe(hub.commitOf('o/r'))
    expect(await isWhole(target)).toBe(true)
    expect(downloads()).toHaveLength(1)
    expect(await listing(join(cache, 'models--o--r', 'snapshots'))).toHaveLength(2)
  })

  test('says which of several it takes', async () => {
    hub.repos['o/r'] = { 'm-Q4_K_M.gguf': weights, 'm-F16.gguf': weights }
    const { result, notices } = start('o/r')
    expect((await result).target).toMatch(/m-Q4_K_M\.gguf$/)
    expect(notices).toEqual(['o/r: Q4_K_M; it also has F16: ask for one as in o/r:F16'])
    const asked = start('o/r:F16')
    expect((await asked.result).target).toMatch(/m-F16\.gguf$/)
    expect(asked.notices).toEqual([])
  })

  test('of a folder in ONNX brings the graph, its data, its configs', async () => {
    const repo: Repo = { 'onnx/model.onnx': 'another', 'README.md': 'x' }
    for (const path of await listing(draftOnnx)) repo[path] = await readFile(join(draftOnnx, path))
    hub.repos['o/r'] = repo
    const { target, commit } = await start('o/r:q4').result
    expect(target).toMatch(/onnx\/model_q4\.onnx$/)
    const folder = join(cache, 'models--o--r', 'snapshots', commit)
    const names = (await listing(folder)).map((line) => line.split(' -> ')[0])
    expect(names).toEqual((await listing(draftOnnx)).toSorted())
    // ONNX Runtime reads no data that lies elsewhere, and looks through links.
    expect(await listing(join(folder, 'onnx'))).toContain('model_q4.onnx_data')
    // Small files are checked, too: by what git calls them.
    expect(await listing(join(cache, 'models--o--r', 'blobs'))).toContain(gitSha1(repo['config.json']!))
  })

  test('of a commit notes no branch', async () => {
    const commit = hub.commitOf('o/r')
    await start(`o/r@${commit}`).result
    expect(existsSync(join(cache, 'models--o--r', 'refs'))).toBe(false)
  })

  test('works where there are no links', async () => {
    const { placeBlob } = await import('../cache/place.js')
    const [from, to] = [join(cache, 'blob'), join(cache, 'deep', 'file')]
    await writeFile(from, 'content')
    await placeBlob(from, to, () => Promise.reject(new Error('EPERM')))
    expect(await readFile(to, 'utf8')).toBe('content')
    expect(await listing(cache)).toEqual(['blob', 'deep/file'])
  })
})

describe('a connection', () => {
  test('that is cut at random places is gone on from there', async () => {
    let seed = 7
    let cuts = 6
    hub.fault = ({ host }) => {
      if (host !== 'cdn' || cuts-- <= 0) return undefined
      seed = (seed * 48_271) % 2_147_483_647
      return { cutAfter: seed % 500_000 }
    }
    const { result, notices } = start('o/r')
    expect(await isWhole((await result).target)).toBe(true)
    expect(downloads()).toHaveLength(7)
    expect(downloads()[0]!.range).toBeUndefined()
    expect(new Set(downloads().map(({ range }) => range)).size).toBe(7)
    expect(
      downloads()
        .slice(1)
        .every(({ ifRange }) => ifRange !== undefined),
    ).toBe(true)
    expect(notices).toHaveLength(6)
    expect(notices[0]).toMatch(/^downloading m-Q4_0\.gguf: the connection .* trying again in 0\.001 s \(1 of 3\)$/)
    // What had come was not sent again, but for what was on its way at a cut.
    expect(hub.sent).toBeLessThan(2 * weights.length)
  })

  test('that brings nothing any more is given up, the next one goes on', async () => {
    let first = true
    hub.fault = ({ host }) => {
      if (host !== 'cdn' || !first) return undefined
      first = false
      return { silentAfter: 100_000 }
    }
    const { result, notices } = start('o/r')
    expect(await isWhole((await result).target)).toBe(true)
    expect(notices[0]).toMatch(/nothing came from localhost:\d+ for 0\.3 s/)
    expect(downloads()[1]!.range).toMatch(/^bytes=\d+-$/)
  })

  test('that always breaks at once fails after a few tries, and says what to do; what has come is kept', async () => {
    hub.fault = ({ host, range }) => (host === 'cdn' ? { cutAfter: range ? 0 : 300_000 } : undefined)
    const { result } = start('o/r')
    await expect(result).rejects.toMatchObject({
      code: 'runtime',
      message: expect.stringMatching(
        /^downloading m-Q4_0\.gguf failed 4 times in a row: .* what has come is kept\. HF_ENDPOINT/,
      ),
    })
    expect((await stat(part(weights))).size).toBeGreaterThan(0)
    hub.fault = () => undefined
    await start('o/r').result
    expect(downloads().at(-1)!.range).toMatch(/^bytes=[1-9]\d*-$/)
  })

  test('to nowhere says so', async () => {
    const { result } = startPull('o/r', { endpoint: 'http://127.0.0.1:1', cache })
    await expect(result).rejects.toThrow(/asking 127\.0\.0\.1:1 failed.*127\.0\.0\.1:1 cannot be reached/)
  })

  test('to a name that is none, or without a network, says so after a second try, not after half a minute', async () => {
    // The time within which other names do not resolve either is no matter of ours.
    const patience = { pauses: [1, 2, 4], silence: 10_000 }
    const { result, notices } = startPull('o/r', { endpoint: 'http://nobody.invalid', cache }, { patience })
    await expect(result).rejects.toThrow(
      /asking nobody\.invalid failed 2 times in a row: .*\((ENOTFOUND|EAI_AGAIN)\).*HF_HUB_OFFLINE=1/,
    )
    expect(notices).toHaveLength(1)
  })

  test('that ends at a signal leaves what has come; the next pull goes on from it', async () => {
    const controller = new AbortController()
    hub.fault = ({ host }) => (host === 'cdn' ? { silentAfter: 700_000 } : undefined)
    const { result, progress } = start('o/r', { signal: controller.signal, patience: { pauses: [], silence: 60_000 } })
    await expect.poll(() => progress.at(-1)?.bytes).toBe(700_000)
    controller.abort(new Error('changed my mind'))
    await expect(result).rejects.toThrow('changed my mind')
    expect(existsSync(join(cache, 'models--o--r', 'refs'))).toBe(false)
    hub.fault = () => undefined
    const again = start('o/r')
    expect(await isWhole((await again.result).target)).toBe(true)
    expect(downloads().at(-1)!.range).toBe('bytes=700000-')
    expect(again.progress[0]!.bytes).toBe(700_000)
    expect(await listing(join(cache, 'models--o--r', 'blobs'))).toEqual([sha256(weights)])
    expect(await listing(join(cache, '.locks'))).toEqual([])
  })
})

describe('what comes', () => {
  const damaged = (): Buffer => {
    const bytes = Buffer.from(weights)
    bytes[1_000_000]! ^= 1
    return bytes
  }

  test('damaged is downloaded once more', async () => {
    let first = true
    hub.fault = ({ host }) => {
      const fault = host === 'cdn' && first ? { content: damaged() } : undefined
      if (host === 'cdn') first = false
      return fault
    }
    const { result, notices } = start('o/r')
    expect(await isWhole((await result).target)).toBe(true)
    expect(notices).toEqual(['m-Q4_0.gguf came damaged: its checksum is wrong; downloading it once more'])
  })

  test('damaged twice is an error, and nothing of it stays', async () => {
    hub.fault = ({ host }) => (host === 'cdn' ? { content: damaged() } : undefined)
    const { result } = start('o/r')
    await expect(result).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(/came damaged twice: its checksum is not [0-9a-f]{64}\..*mirror/),
    })
    expect(existsSync(blob(weights))).toBe(false)
    expect((await stat(part(weights))).size).toBe(0)
  })

  test('behind a part that is damaged is found out, and all of it comes anew', async () => {
    await mkdir(join(cache, 'models--o--r', 'blobs'), { recursive: true })
    await writeFile(part(weights), damaged().subarray(0, 1_200_000))
    const { result, notices } = start('o/r')
    expect(await isWhole((await result).target)).toBe(true)
    expect(downloads().map(({ range }) => range)).toEqual(['bytes=1200000-', undefined])
    expect(notices).toHaveLength(1)
  })

  test('behind a part that is too long, or whole already, is right', async () => {
    await mkdir(join(cache, 'models--o--r', 'blobs'), { recursive: true })
    await writeFile(part(weights), Buffer.concat([weights, weights]))
    expect(await isWhole((await start('o/r').result).target)).toBe(true)
    hub.repos['o/r'] = { 'm.gguf': 'other' }
    await writeFile(part(Buffer.from('other')), 'other')
    const sent = hub.sent
    await start('o/r').result
    expect(hub.sent).toBe(sent)
  })

  test('from a server that has another file by now starts anew', async () => {
    const other = Buffer.from(weights.map((byte) => byte ^ 255))
    let count = 0
    // The first bytes are of another version; its etag tells.
    hub.fault = ({ host }) => (host === 'cdn' && count++ === 0 ? { content: other, cutAfter: 400_000 } : undefined)
    const { result, notices } = start('o/r')
    expect(await isWhole((await result).target)).toBe(true)
    expect(downloads()).toHaveLength(2)
    expect(notices).toHaveLength(1)
  })

  test('from a Hub that has another file than it listed makes us ask again', async () => {
    let first = true
    hub.fault = ({ path }) => {
      if (!first || !path.includes('/resolve/')) return undefined
      first = false
      const old = weights
      weights = Buffer.from(old.subarray(0, 900_000))
      hub.repos['o/r'] = { 'm-Q4_0.gguf': weights }
      return { headers: { 'x-linked-etag': `"${sha256(weights)}"` } }
    }
    const before = weights
    try {
      const { result, notices } = start('o/r@main')
      expect(await isWhole((await result).target)).toBe(true)
      expect(notices.join()).toMatch(/asking again what it has/)
      expect(await listing(join(cache, 'models--o--r', 'blobs'))).toEqual([sha256(weights)])
    } finally {
      weights = before
    }
  })
})

describe('a refusal says what to do', () => {
  const answers = (status: number, headers: Record<string, string> = {}) => {
    hub.fault = ({ host }) => (host === 'hub' ? { status, headers } : undefined)
  }

  test.each<[string, number, Record<string, string>, RegExp]>([
    ['no such model', 401, {}, /has no public model o\/r \(401\)\. Check the name; if it is private, set HF_TOKEN/],
    ['the same', 404, { 'x-error-code': 'RepoNotFound' }, /has no public model o\/r \(404\)/],
    [
      'terms to accept',
      403,
      { 'x-error-code': 'GatedRepo' },
      /accepted its terms\. Accept them on http.*\/o\/r, then set HF_TOKEN/,
    ],
    [
      'no access',
      403,
      { 'x-error-message': 'You shall not.' },
      /does not let this account read o\/r \(403\) \(You shall not\)\./,
    ],
    [
      'no such revision',
      404,
      { 'x-error-code': 'RevisionNotFound' },
      /o\/r has no such branch, tag or commit \(main\)/,
    ],
    ['anything else', 418, {}, /answered 418 to .* HF_ENDPOINT/],
  ])('%s', async (_, status, headers, message) => {
    answers(status, headers)
    await expect(start('o/r').result).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(message),
    })
    expect(hub.seen).toHaveLength(1)
  })

  test('a token that is not good enough', async () => {
    answers(401)
    const { result } = startPull('o/r', { endpoint: hub.url, cache, token: 'hf_x' })
    await expect(result).rejects.toThrow(/has no model o\/r that HF_TOKEN may read \(401\)/)
  })

  test('a server that is busy is asked again, when it says', async () => {
    let left = 2
    hub.fault = () => (left-- > 0 ? { status: left === 1 ? 503 : 429, headers: { 'retry-after': '0' } } : undefined)
    const { result, notices } = start('o/r')
    await result
    expect(notices).toEqual([
      expect.stringMatching(/^asking 127\.0\.0\.1:\d+: .* answered 503; trying again in 0 s \(1 of 3\)$/),
      expect.stringMatching(/says that we ask too often \(429\); trying again in 0 s \(2 of 3\)$/),
    ])
  })

  test('one that stays so, or says so for hours, is given up', async () => {
    answers(503)
    await expect(start('o/r').result).rejects.toThrow(/failed 4 times in a row: .* answered 503/)
    answers(429, { 'retry-after': '7200' })
    await expect(start('o/r').result).rejects.toThrow(/failed: .* ask too often/)
  })

  test('an address that has run out is asked for again', async () => {
    let left = 1
    hub.fault = ({ host }) => (host === 'cdn' && left-- > 0 ? { status: 403 } : undefined)
    await start('o/r').result
    expect(hub.seen.filter(({ path }) => path.includes('/resolve/'))).toHaveLength(2)
  })

  test('something else that answers is no Hub', async () => {
    answers(200)
    await expect(start('o/r').result).rejects.toThrow(/answered with no JSON: it does not speak as the Hub does/)
  })
})

test('the token goes to the Hub, and to nobody else', async () => {
  await startPull('o/r', { endpoint: hub.url, cache, token: 'hf_secret' }).result
  const said = (host: Seen['host']) =>
    hub.seen.filter((seen) => seen.host === host).map(({ authorization }) => authorization)
  expect(said('hub').length).toBeGreaterThan(2)
  expect(new Set(said('hub'))).toEqual(new Set(['Bearer hf_secret']))
  expect(said('cdn')).toEqual([undefined])
})

describe('a disk', () => {
  test('without room is found out beforehand', async () => {
    const { result } = start('o/r', { freeBytes: async () => 1_000_000 })
    await expect(result).rejects.toMatchObject({
      code: 'runtime',
      message: `The disk of ${cache} has 977 KiB free, and 1.8 MiB are needed. Free 834 KiB, or set HF_HUB_CACHE to a folder on a larger disk.`,
    })
    expect(downloads()).toHaveLength(0)
  })

  test('needs no room for what is there', async () => {
    await mkdir(join(cache, 'models--o--r', 'blobs'), { recursive: true })
    await writeFile(part(weights), weights.subarray(0, 1_000_000))
    await start('o/r', { freeBytes: async () => 1_000_000 }).result
    expect(hub.sent).toBe(weights.length - 1_000_000)
  })

  // A device that is always full.
  test.runIf(existsSync('/dev/full'))('that fills up on the way says how much is missing, and where', async () => {
    await mkdir(join(cache, 'models--o--r', 'blobs'), { recursive: true })
    await symlink('/dev/full', part(weights))
    const { result } = start('o/r')
    await expect(result).rejects.toMatchObject({
      code: 'runtime',
      message: expect.stringMatching(
        /^The disk is full: 1\.8 MiB are still to be written to .*incomplete\. Free as much/,
      ),
    })
    expect(existsSync(blob(weights))).toBe(false)
  })

  test('that may not be written says so', async () => {
    await writeFile(join(cache, 'file'), '')
    const { result } = startPull('o/r', { endpoint: hub.url, cache: join(cache, 'file', 'hub') })
    await expect(result).rejects.toThrow(/cannot be written \(/)
  })
})

test('two pulls at once download it once', async () => {
  const [one, two] = [start('o/r'), start('o/r')]
  expect((await one.result).target).toBe((await two.result).target)
  expect(downloads()).toHaveLength(1)
  expect([...one.notices, ...two.notices]).toEqual(['m-Q4_0.gguf: another process is downloading it; waiting'])
})

test('offline nothing is asked', async () => {
  const { result } = startPull('o/r', { endpoint: hub.url, cache, offline: true })
  await expect(result).rejects.toThrow(/HF_HUB_OFFLINE is set\. Unset it, and run: foretoken pull o\/r/)
  expect(hub.seen).toEqual([])
})

test('a repository that names files outside of it is not followed there', async () => {
  hub.repos['o/r'] = { '../../evil.gguf': 'x', 'a/../../evil.gguf': 'x', 'C:\\evil.gguf': 'x', 'm.gguf': weights }
  const { files } = await start('o/r').result
  expect(files).toHaveLength(1)
})
