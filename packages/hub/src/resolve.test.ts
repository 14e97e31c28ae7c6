import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { draft, target } from '@foretoken/demo-models'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createBundle } from './bundle/create.js'
import { openBundle } from './bundle/open.js'
import { pull } from './pull/pull.js'
import { resolveModel } from './resolve.js'
import { sha256, startTestHub, type TestHub } from './testing/hub-server.js'

const [large, small] = ['large model', 'small model']
const manifest = (draftEntry: object, targetEntry: object = { file: 'm-Q8_0.gguf' }): string =>
  JSON.stringify({ format: 'foretoken-bundle', version: 1, target: targetEntry, draft: draftEntry })

let hub: TestHub
let folder: string
let options: { endpoint: string; cache: string; token: string; offline: boolean }
beforeAll(async () => {
  hub = await startTestHub({})
})
afterAll(() => hub.close())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-resolve-'))
  options = { endpoint: hub.url, cache: join(folder, 'cache'), token: 'hf_x', offline: false }
  for (const name of Object.keys(hub.repos)) delete hub.repos[name]
  hub.seen.length = 0
})
afterEach(() => rm(folder, { recursive: true }))

const textOf = (path: string | undefined): Promise<string> => readFile(path!, 'utf8')

describe('what a user types', () => {
  test('is a path when there is something, or when it looks like one', async () => {
    await mkdir(join(folder, 'owner', 'repo'), { recursive: true })
    for (const path of [join(folder, 'owner', 'repo'), '/no/such/folder', 'none.gguf', 'https://example.org/m.gguf']) {
      expect(await resolveModel(path, options)).toEqual({ target: path })
    }
    expect(hub.seen).toEqual([])
  })

  test('is downloaded once; then the Hub is not asked', async () => {
    hub.repos['o/r'] = { 'm-Q8_0.gguf': large, 'm-Q4_0.gguf': small }
    const found = await resolveModel('o/r:Q4_0', options)
    expect(await textOf(found.target)).toBe(small)
    const asked = hub.seen.length
    expect(await resolveModel('o/r:Q4_0', options)).toEqual(found)
    expect(await resolveModel('hf://o/r/m-Q4_0.gguf', { ...options, offline: true })).toEqual(found)
    // Of several on the Hub, what is here.
    expect(await resolveModel('o/r', { ...options, offline: true })).toEqual(found)
    expect(hub.seen).toHaveLength(asked)
    expect(await textOf((await resolveModel('o/r:Q8_0', options)).target)).toBe(large)
  })

  test('offline is in the cache, or an error with the command to run', async () => {
    await expect(resolveModel('o/r:Q8_0', { ...options, offline: true })).rejects.toMatchObject({
      code: 'model-file',
      message: `o/r:Q8_0 is neither a file nor in the cache (${options.cache}), and HF_HUB_OFFLINE is set. Unset it and run: foretoken pull o/r:Q8_0`,
    })
    expect(hub.seen).toEqual([])
  })

  test('is not taken from the cache when a part of it is missing', async () => {
    hub.repos['o/r'] = { 'm-00001-of-00002.gguf': large, 'm-00002-of-00002.gguf': small }
    const { files, target } = await pull('o/r', options)
    expect(files.map((path) => path.slice(-10))).toEqual(['00002.gguf', '00002.gguf'])
    await rm(files[0]!)
    expect(await resolveModel('o/r', options)).toEqual({ target })
    expect(await textOf(files[0])).toBe(small)
  })
})

describe('a bundle on the Hub', () => {
  test('brings its draft, whichever target is asked for', async () => {
    const facts = { bytes: small.length, sha256: sha256(small) }
    hub.repos['o/r'] = {
      'foretoken.json': manifest({ file: 'draft/d-Q4_0.gguf', ...facts }),
      'm-Q8_0.gguf': large,
      'm-Q4_0.gguf': 'coarse model',
      'draft/d-Q4_0.gguf': small,
    }
    for (const offline of [false, true]) {
      const usual = await resolveModel('o/r', { ...options, offline })
      expect([await textOf(usual.target), await textOf(usual.draft)]).toEqual([large, small])
      const other = await resolveModel('o/r:Q4_0', { ...options, offline })
      expect([await textOf(other.target), await textOf(other.draft)]).toEqual(['coarse model', small])
      const alone = await resolveModel('hf://o/r/m-Q4_0.gguf', { ...options, offline })
      expect(alone.draft).toBeUndefined()
    }
    expect((await pull('o/r', options)).files).toHaveLength(2)
  })

  test('may name a draft of another repository', async () => {
    hub.repos['o/r'] = {
      'foretoken.json': manifest({ hub: 'p/small:Q4_0', sha256: sha256(small) }),
      'm-Q8_0.gguf': large,
    }
    hub.repos['p/small'] = { 's-Q4_0.gguf': small, 's-Q8_0.gguf': 'x' }
    const found = await resolveModel('o/r', options)
    expect(await textOf(found.draft)).toBe(small)
    expect(await resolveModel('o/r', { ...options, offline: true })).toEqual(found)
    await rm(join(options.cache, 'models--p--small'), { recursive: true })
    expect(await resolveModel('o/r', options)).toEqual(found)
  })

  test('that was made with other files is refused', async () => {
    hub.repos['o/r'] = {
      'foretoken.json': manifest({ file: 'd.gguf', sha256: sha256('another') }),
      'm-Q8_0.gguf': large,
      'd.gguf': small,
    }
    await expect(resolveModel('o/r', options)).rejects.toThrow(/The bundle o\/r was made with another d\.gguf/)
  })

  test('that names files outside its folder, or none, is refused', async () => {
    hub.repos['o/r'] = { 'foretoken.json': manifest({ file: '../../d.gguf' }), 'm-Q8_0.gguf': large }
    await expect(resolveModel('o/r', options)).rejects.toThrow(/does not lie in its folder/)
    hub.repos['o/r'] = { 'foretoken.json': manifest({ file: 'd.gguf' }), 'm-Q8_0.gguf': large }
    await expect(resolveModel('o/r', options)).rejects.toThrow(/There is no d\.gguf in o\/r/)
  })
})

describe('a bundle on this machine', () => {
  test('is its folder, or its foretoken.json', async () => {
    await writeFile(join(folder, 'm-Q8_0.gguf'), large)
    await writeFile(join(folder, 'd.gguf'), small)
    await writeFile(join(folder, 'foretoken.json'), manifest({ file: 'd.gguf', bytes: small.length }))
    const expected = { target: join(folder, 'm-Q8_0.gguf'), draft: join(folder, 'd.gguf') }
    expect(await resolveModel(folder, options)).toEqual(expected)
    expect(await resolveModel(join(folder, 'foretoken.json'), options)).toEqual(expected)
    expect(await openBundle(folder)).toEqual({ folder, target: expected.target, draft: { path: expected.draft } })
  })

  test('downloads a draft that it names on the Hub', async () => {
    hub.repos['p/small'] = { 's.gguf': small }
    await writeFile(join(folder, 'm-Q8_0.gguf'), large)
    await writeFile(join(folder, 'foretoken.json'), manifest({ hub: 'p/small' }))
    expect(await textOf((await resolveModel(folder, options)).draft)).toBe(small)
  })

  test('with a file that is missing, or of another size, is refused', async () => {
    await writeFile(join(folder, 'm-Q8_0.gguf'), large)
    await writeFile(join(folder, 'foretoken.json'), manifest({ file: 'd.gguf' }))
    await expect(resolveModel(folder, options)).rejects.toThrow(/names d\.gguf, which is not there/)
    await writeFile(join(folder, 'foretoken.json'), manifest({ file: 'd.gguf' }, { file: 'm-Q8_0.gguf', bytes: 1 }))
    await expect(resolveModel(folder, options)).rejects.toThrow(/has 11 bytes, and .* says 1 bytes/)
    await expect(openBundle(join(folder, 'none'))).rejects.toThrow(/cannot be read \(ENOENT\)/)
  })
})

describe('createBundle', () => {
  test('writes what openBundle reads, with sizes and checksums', async () => {
    const files = { target: join(folder, 'target.gguf'), draft: join(folder, 'small', 'draft.gguf') }
    await mkdir(join(folder, 'small'))
    await writeFile(files.target, await readFile(target))
    await writeFile(files.draft, await readFile(draft))
    let last: [number, number] = [0, 0]
    const { path, draft: made } = await createBundle({ ...files, onProgress: (...now) => (last = now) })
    const size = (await readFile(target)).length + (await readFile(draft)).length
    expect(last).toEqual([size, size])
    const written = JSON.parse(await textOf(path)) as { target: object; draft: object }
    expect(written.target).toMatchObject({ file: 'target.gguf', bytes: (await readFile(target)).length })
    expect(written.draft).toEqual(made)
    expect(made).toMatchObject({ file: 'small/draft.gguf', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect(await openBundle(path)).toEqual({ folder, target: files.target, draft: { path: files.draft } })
    const named = await createBundle({ ...files, draftName: 'o/r:Q4_0' })
    expect(named.draft).toMatchObject({ hub: 'o/r:Q4_0', bytes: (await readFile(draft)).length })
  })

  test('wants the draft beside the target', async () => {
    await writeFile(join(folder, 'target.gguf'), large)
    await expect(createBundle({ target: join(folder, 'target.gguf'), draft })).rejects.toThrow(
      /does not lie in .*hf:\/\/owner/,
    )
    await expect(
      createBundle({ target: join(folder, 'target.gguf'), draft: join(folder, 'none.gguf') }),
    ).rejects.toThrow(/none\.gguf cannot be read \(ENOENT\)/)
  })
})

describe('a target that names its draft itself', () => {
  const files = { target, draft }

  test('beside it, brings it: from a folder, from the Hub, from the cache', async () => {
    const copy = join(folder, 'copy.gguf')
    await writeFile(join(folder, 'd.gguf'), await readFile(draft))
    await createBundle({ target, draft: join(folder, 'd.gguf'), embed: copy })
    expect(await resolveModel(copy, options)).toEqual({ target: copy, draft: join(folder, 'd.gguf') })
    hub.repos['o/r'] = { 'x/copy-F16.gguf': await readFile(copy), 'x/d.gguf': await readFile(draft) }
    const found = await resolveModel('o/r:F16', options)
    expect((await readFile(found.draft!)).equals(await readFile(draft))).toBe(true)
    expect(await resolveModel('o/r:F16', { ...options, offline: true })).toEqual(found)
    await rm(join(folder, 'd.gguf'))
    expect(await resolveModel(copy, options)).toEqual({ target: copy })
  })

  test('on the Hub, brings it when the target comes from there; a file of mine says what to run', async () => {
    const copy = join(folder, 'copy.gguf')
    await createBundle({ ...files, draftName: 'p/small', embed: copy })
    const notices: string[] = []
    const listening = { ...options, onNotice: (notice: string) => void notices.push(notice) }
    expect(await resolveModel(copy, listening)).toEqual({ target: copy })
    expect(notices).toEqual([`${copy} names a draft, which is not here: foretoken pull p/small`])
    hub.repos['o/r'] = { 'copy.gguf': await readFile(copy) }
    hub.repos['p/small'] = { 's.gguf': await readFile(draft) }
    const pulled = await pull('o/r', options)
    expect(pulled.files).toEqual([pulled.target, pulled.draft])
    expect(await resolveModel(copy, options)).toEqual({ target: copy, draft: pulled.draft })
  })

  test('which is not to be had, goes without, and says so', async () => {
    const copy = join(folder, 'copy.gguf')
    await createBundle({ ...files, draftName: 'p/gone', embed: copy })
    hub.repos['o/r'] = { 'copy.gguf': await readFile(copy) }
    const notices: string[] = []
    const pulled = await pull('o/r', { ...options, onNotice: (notice) => void notices.push(notice) })
    expect(pulled.draft).toBeUndefined()
    expect(notices).toEqual([expect.stringMatching(/^copy\.gguf names a draft that cannot be had.* p\/gone/)])
  })
})
