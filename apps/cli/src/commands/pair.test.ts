import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { draft, target, targetOnnx } from '@foretoken/demo-models'
import { ggufBytes, headBytes, startTestHub, type TestHub, type TestModel, words } from '@foretoken/hub/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { runProgram } from '../run.js'

const family = words('a', 500)
const large: TestModel = { name: 'Large', tokens: family, weights: 2048 }
const models: Record<string, TestModel> = {
  large,
  small: { name: 'Small', tokens: family, weights: 512 },
  smaller: { name: 'Smaller', tokens: family, weights: 256, split: 'qwen2' },
  other: { name: 'Other', tokens: words('b', 500), weights: 256 },
  one: { name: 'One', tokens: family.with(7, '<think>'), weights: 256 },
  longer: { name: 'Longer', tokens: [...family, 'more'], weights: 256 },
  padded: {
    name: 'Padded',
    tokens: [...family, '[PAD500]'],
    kinds: [...Array<number>(500).fill(1), 5],
    weights: 256,
  },
}

let hub: TestHub
let folder: string
let bytes: Record<string, Buffer>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-cli-pair-'))
  // No measurements of other tests, and none for them.
  vi.stubEnv('XDG_CACHE_HOME', folder)
  bytes = Object.fromEntries(
    await Promise.all(Object.entries(models).map(async ([name, model]) => [name, await ggufBytes(model)] as const)),
  )
  const part = await ggufBytes({ ...large, more: { 'split.count': { type: 'uint16', value: 2 } } })
  const coder = { ...large, name: 'Qwen2.5-Coder 7B', architecture: 'qwen2' }
  hub = await startTestHub({
    'o/large': { 'l.gguf': bytes.large! },
    'o/coder': { 'c.gguf': await ggufBytes(coder) },
    'o/parts': Object.fromEntries(['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf'].map((name) => [name, part])),
    'Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF': { 'd-q8_0.gguf': bytes.small! },
    'Qwen/Qwen2.5-Coder-3B-Instruct-GGUF': { 'd-q4_0.gguf': bytes.longer! },
  })
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await hub.close()
  await rm(folder, { recursive: true })
})

let here: string
beforeEach(async () => {
  here = await mkdtemp(join(folder, 'here-'))
  hub.seen.length = 0
  hub.sent = 0
})

/** Files of these models in a folder of their own; their paths. */
async function files(...names: string[]): Promise<string[]> {
  const paths = names.map((name) => join(here, `${name}.gguf`))
  for (const [i, path] of paths.entries()) await writeFile(path, bytes[names[i]!]!)
  return paths
}

async function pair(...args: string[]) {
  const [out, err] = [new PassThrough({ encoding: 'utf8' }), new PassThrough({ encoding: 'utf8' })]
  const code = await runProgram(['pair', ...args], {
    out,
    err,
    input: Readable.from(['']),
    env: { NO_COLOR: '1', HF_ENDPOINT: hub.url, HF_HOME: join(here, 'hf') },
    signal: new AbortController().signal,
  })
  return { code, out: (out.read() as string | null) ?? '', err: (err.read() as string | null) ?? '' }
}

interface Found {
  readonly fits: { name: string; origin: string; memory: { draft: number; both: number }; roomy: boolean }[]
  readonly misfits: { name: string }[]
  readonly memory: { target: number; free: number }
  readonly next: string[]
}

describe('drafts beside the target', () => {
  test('are ranked, drawn, and the next command is told', async () => {
    const [path, , smallest] = await files('large', 'small', 'smaller', 'other')
    const { code, out, err } = await pair(path!)
    expect(code).toBe(0)
    expect(out).toMatch(/^1 +smaller\.gguf +here +128 KiB/m)
    expect(out).toMatch(/^2 +small\.gguf +here +512 KiB/m)
    // c is 1/64 and 1/16; drafts of 7 are the longest that the estimate tells of.
    expect(out).toMatch(/^1 +2\.22x +2\.8\dx +3\.75x +5\.13x +█{24} drafts of 7$/m)
    expect(out).toContain('An estimate: c is the bytes of the draft by those of the target')
    expect(out).toContain('1: splits text as: default in the target, qwen2 in the draft')
    expect(out).toContain('Not of this vocabulary: other.gguf.')
    expect(err).toBe(
      `\nnext: foretoken generate -m ${path} -d ${smallest} -p 'Hello'\n      foretoken tune -m ${path} -d ${smallest}\n`,
    )
    expect(hub.seen).toEqual([])
  })

  test('of a mixture of experts: the estimate is told to be too good', async () => {
    const experts = { 'llama.expert_count': 8, 'llama.expert_used_count': 2 }
    const more = Object.fromEntries(
      Object.entries(experts).map(([key, value]) => [key, { type: 'uint32', value }] as const),
    )
    await files('small')
    await writeFile(join(here, 'mixture.gguf'), await ggufBytes({ ...large, more }))
    const { out } = await pair(join(here, 'mixture.gguf'))
    expect(out).toContain('a step reads only 2 of 8 of them: c is larger in truth, up to 4.00 times as large')
    expect(out).toContain('a pass over several tokens reads more of them, so drafts gain less than usual')
  })

  test('as JSON; a longer context takes more memory', async () => {
    const [path] = await files('large', 'small')
    const [short, long] = await Promise.all(
      ['256', '2048'].map(async (context) => {
        const { out } = await pair(path!, '--json', '--context', context)
        return JSON.parse(out) as Found
      }),
    )
    expect(short!.fits).toMatchObject([{ name: join(here, 'small.gguf'), origin: 'folder', roomy: true }])
    expect(short!.fits[0]!.memory.both).toBe(short!.memory.target + short!.fits[0]!.memory.draft)
    expect(long!.fits[0]!.memory.both).toBeGreaterThan(short!.fits[0]!.memory.both)
    expect(long!.next[0]).toMatch(/^foretoken generate -m /)
  })

  test('that do not fit into the memory are told, and are no success', async () => {
    const [path] = await files('large', 'small')
    const { code, out, err } = await pair(path!, '--context', '100000000000')
    expect(code).toBe(1)
    expect(out).toContain('(too much)')
    expect(out).toContain('No pair is within the main memory that is free')
    expect(err).toBe('')
  })
})

describe('a mismatch is explained', () => {
  test.each([
    ['one', 'Token 7 is "a7" in the target and "<think>" in the draft. It is the only one of the 500 that both have.'],
    ['other', 'Token 0 is "a0" in the target and "b0" in the draft. 500 differ of the 500 that both have.'],
    ['longer', 'The first 500 tokens are the same, but the draft has 1 more at the end: 500 tokens against 501.'],
  ])('%s', async (name, reason) => {
    const [path] = await files('large')
    const [named] = await files(name)
    const { code, out, err } = await pair(path!, '--draft', named!)
    expect(code).toBe(1)
    expect(out).toContain(`No draft fits.\n\n${name}.gguf does not fit.\n${reason}`)
    expect(err).toBe('')
  })

  test('but for padding at the end, which does no harm', async () => {
    const [path] = await files('large', 'padded')
    const { code, out } = await pair(path!)
    expect(code).toBe(0)
    expect(out).toMatch(/^1 +padded\.gguf +here/m)
    expect(out).toContain('1: tokens: 500 in the target, 501 in the draft: 1 of padding more, at the end')
  })

  test('that only the runtime sees has a reason of its own', async () => {
    const ones = new Uint8Array(Uint32Array.from(family, () => 1).buffer)
    const more: NonNullable<TestModel['more']> = {
      'tokenizer.ggml.token_type': { type: 'array', of: 'uint32', count: 500, bytes: ones },
    }
    const [path] = await files('large')
    await writeFile(join(here, 'd.gguf'), await ggufBytes({ tokens: family, weights: 256, more }))
    const { code, out } = await pair(path!, '-d', join(here, 'd.gguf'))
    expect(code).toBe(1)
    expect(out).toContain(
      'd.gguf does not fit.\nEvery token is the same, but the vocabularies are not written in the same way',
    )
  })

  test('as inspect has it', async () => {
    const [path, ...others] = await files('large', 'small', 'one', 'other', 'longer', 'padded')
    const { checkPair, inspectModel } = await import('@foretoken/backend-llama')
    const { out } = await pair(path!, '--json')
    const { fits, misfits } = JSON.parse(out) as Found
    for (const other of others) {
      const { ok } = checkPair(await inspectModel(path!), await inspectModel(other))
      expect([other, (ok ? fits : misfits).some(({ name }) => name === other)]).toEqual([other, true])
    }
  })
})

describe('on the Hub', () => {
  test('the drafts that are known for the family are looked at, without any weights', async () => {
    const { code, out, err } = await pair('o/coder')
    expect(code).toBe(0)
    expect(out).toContain('family       Qwen2.5-Coder')
    expect(out).toMatch(/^1 +Qwen\/Qwen2\.5-Coder-0\.5B-Instruct-GGUF:Q8_0 +on the Hub/m)
    expect(out).toContain('Qwen/Qwen2.5-Coder-3B-Instruct-GGUF:Q4_0 does not fit.\nThe first 500 tokens are the same')
    expect(out).toMatch(/Published: 34 % of the drafted tokens accepted, in one run of .*\(https:/)
    expect(err).toContain(
      'next: foretoken pull o/coder\n      foretoken pull Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF:Q8_0\n',
    )
    expect(headBytes(large)).toBeLessThan(20_000)
    // A piece of each head; the target alone has 8 MiB of weights.
    expect(hub.sent).toBeLessThanOrEqual(3 * (1 << 18))
  })

  test('and the named ones; what cannot be had of others is noted', async () => {
    const [small] = await files('small')
    hub.fault = ({ path }) => (path.includes('Qwen2.5-Coder') ? { status: 404 } : undefined)
    const { code, out } = await pair('o/coder', '-d', small!, '-d', 'o/large')
    hub.fault = () => undefined
    expect(code).toBe(0)
    expect(out).toMatch(/^1 +small\.gguf +here/m)
    expect(out).toMatch(/^2 +o\/large +on the Hub/m)
    expect(out).toContain('The draft weighs 100 % of the target')
    expect(out).toMatch(/Qwen\/Qwen2\.5-Coder-0\.5B-Instruct-GGUF:Q8_0 could not be looked at: /)
  })

  test('a target in parts counts in all of its parts', async () => {
    const [small] = await files('small')
    const { code, out } = await pair('o/parts', '-d', small!, '--json')
    expect(code).toBe(0)
    const { target: found } = JSON.parse(out) as { target: { info: { parts: number; weightBytes: number } } }
    expect(found.info).toMatchObject({ parts: 2, weightBytes: 2 * 2 * 2048 * 2048 })
    expect(hub.sent).toBe(2 * (1 << 18))
  })

  test('a draft that is named and is not there is an error', async () => {
    const [path] = await files('large')
    expect(await pair(path!, '-d', 'o/none')).toMatchObject({
      code: 2,
      err: expect.stringContaining('has no public model o/none'),
    })
  })
})

test('a bundle brings its draft', async () => {
  await files('large')
  await mkdir(join(here, 'drafts'))
  await writeFile(join(here, 'drafts', 'd.gguf'), bytes.small!)
  const manifest = {
    format: 'foretoken-bundle',
    version: 1,
    target: { file: 'large.gguf' },
    draft: { file: 'drafts/d.gguf' },
  }
  await writeFile(join(here, 'foretoken.json'), JSON.stringify(manifest))
  const { code, out } = await pair(here, '--json')
  expect(code).toBe(0)
  expect((JSON.parse(out) as Found).fits).toMatchObject([{ name: join(here, 'drafts', 'd.gguf'), origin: 'bundle' }])
})

test('the demo pair fits', async () => {
  const { code, out } = await pair(target, '--json')
  expect(code).toBe(0)
  expect((JSON.parse(out) as Found).fits).toMatchObject([{ name: draft, origin: 'folder', roomy: true }])
})

test.each([
  ['what is no GGUF', import.meta.filename, /error \[model-file\]: .*it is not a GGUF file/],
  ['a model in ONNX', `${targetOnnx}/onnx/model.onnx`, /is a model in ONNX/],
  ['nothing', 'nothing.gguf', /There is no file nothing\.gguf/],
])('%s cannot be a target', async (_, text, message) => {
  expect(await pair(text)).toMatchObject({ code: 2, err: expect.stringMatching(message) })
})
