import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hubSettings } from './settings.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foretoken-settings-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('settings of the environment', () => {
  test('are the usual ones without any', () => {
    expect(hubSettings({}, { HF_TOKEN_PATH: join(folder, 'none') })).toEqual({
      endpoint: 'https://huggingface.co',
      token: undefined,
      cache: join(homedir(), '.cache', 'huggingface', 'hub'),
      offline: false,
    })
  })

  test.each([
    [{ HF_HUB_CACHE: '/a', HUGGINGFACE_HUB_CACHE: '/b', HF_HOME: '/c' }, '/a'],
    [{ HUGGINGFACE_HUB_CACHE: '/b', HF_HOME: '/c' }, '/b'],
    [{ HF_HOME: '/c', XDG_CACHE_HOME: '/d' }, '/c/hub'],
    [{ XDG_CACHE_HOME: '/d' }, '/d/huggingface/hub'],
    [{ HF_HOME: '~/models' }, join(homedir(), 'models', 'hub')],
    [{ HF_HUB_CACHE: '' }, join(homedir(), '.cache', 'huggingface', 'hub')],
  ])('the cache of %o', (env, cache) => {
    expect(hubSettings({}, env).cache).toBe(cache)
  })

  test.each([
    ['1', true],
    ['true', true],
    ['YES', true],
    ['0', false],
    ['', false],
  ])('HF_HUB_OFFLINE=%s', (value, offline) => {
    expect(hubSettings({}, { HF_HUB_OFFLINE: value }).offline).toBe(offline)
  })

  test('the token is that of HF_TOKEN, or the one that was logged in with', async () => {
    await writeFile(join(folder, 'token'), 'hf_stored\n')
    expect(hubSettings({}, { HF_HOME: folder }).token).toBe('hf_stored')
    expect(hubSettings({}, { HF_HOME: folder, HF_TOKEN: 'hf_given' }).token).toBe('hf_given')
    expect(hubSettings({ token: 'hf_own' }, { HF_TOKEN: 'hf_given' }).token).toBe('hf_own')
  })

  test('an endpoint is an address', () => {
    expect(hubSettings({}, { HF_ENDPOINT: 'https://mirror.example/hub/' }).endpoint).toBe('https://mirror.example/hub')
    expect(() => hubSettings({}, { HF_ENDPOINT: 'mirror.example' })).toThrow(/mirror\.example is no address of a Hub/)
  })
})
