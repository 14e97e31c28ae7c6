import { describe, expect, test } from 'vitest'
import { formatHubName, type HubName, mustBeHubName, parseHubName } from './hub-name.js'

const commit = '0123456789abcdef0123456789abcdef01234567'

describe('a name', () => {
  test.each<[string, Partial<HubName>]>([
    ['owner/repo', {}],
    ['owner/repo:Q4_K_M', { tag: 'Q4_K_M' }],
    ['owner/repo@v1.0', { revision: 'v1.0' }],
    [`owner/repo@${commit}:q8_0`, { revision: commit, tag: 'q8_0' }],
    ['hf:owner/repo:Q4_0', { tag: 'Q4_0' }],
    ['hf://owner/repo', {}],
    ['hf://owner/repo/', {}],
    ['hf://owner/repo/model.gguf', { path: 'model.gguf' }],
    ['hf:owner/repo/folder/model.gguf', { path: 'folder/model.gguf' }],
    ['hf://owner/repo@main/folder/a b-00001-of-00002.gguf', { path: 'folder/a b-00001-of-00002.gguf' }],
    ['hf://owner/repo@refs/pr/3/model.gguf', { revision: 'refs/pr/3', path: 'model.gguf' }],
    ['hf://owner/repo@refs%2Fpr%2F3/model.gguf', { revision: 'refs/pr/3', path: 'model.gguf' }],
    ['https://huggingface.co/owner/repo', {}],
    ['https://huggingface.co/owner/repo:Q4_0', { tag: 'Q4_0' }],
    ['https://huggingface.co/owner/repo/tree/main', {}],
    ['https://huggingface.co/owner/repo/tree/v2/onnx', { revision: 'v2', path: 'onnx' }],
    ['https://huggingface.co/owner/repo/blob/main/a%20b.gguf', { path: 'a b.gguf' }],
    ['https://hf.co/owner/repo/resolve/main/model.gguf?download=true', { path: 'model.gguf' }],
    ['https://mirror.example/hub/owner/repo/resolve/main/model.gguf', { path: 'model.gguf' }],
  ])('%s', (text, expected) => {
    const name = parseHubName(text, 'https://mirror.example/hub')
    expect(name).toEqual({ repo: 'owner/repo', revision: 'main', ...expected })
    expect(parseHubName(formatHubName(name!))).toEqual(name)
  })

  test.each([
    'model.gguf',
    './owner/repo',
    '../repo',
    '/owner/repo',
    'folder/model.gguf',
    'folder/model.onnx',
    'folder/foretoken.json',
    'a/b/c',
    'owner\\repo',
    'owner/re po',
    'owner/a--b',
    'https://example.org/owner/repo',
    'http://',
  ])('%s is none', (text) => {
    expect(parseHubName(text)).toBeUndefined()
    expect(() => mustBeHubName(text)).toThrow(/is no name of a model on the Hub\. Use owner\/repo/)
  })

  test.each([
    'hf://repo',
    'hf://../repo',
    'hf://owner/..',
    'hf://owner/repo/../../../etc/passwd',
    'hf://owner/repo/a/../b.gguf',
    'hf://owner/repo@../x/model.gguf',
    'hf://owner/repo@..%2F..%2Fx/model.gguf',
    'hf://owner/repo/a\\b.gguf',
    'hf://owner/repo/C:/model.gguf',
    'hf://owner--x/repo',
    'https://huggingface.co/owner/repo/resolve/..%2F..%2Fetc/x.gguf',
    'https://huggingface.co/owner/repo/resolve/main/%2e%2e%2fx.gguf',
    'https://huggingface.co/owner/repo/discussions/1',
    'https://huggingface.co/owner',
  ])('%s is refused', (text) => {
    expect(() => parseHubName(text)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  })
})
