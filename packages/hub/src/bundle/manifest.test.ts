import { describe, expect, test } from 'vitest'
import { parseManifest } from './manifest.js'

const good = {
  format: 'foretoken-bundle',
  version: 1,
  target: { file: 'model-Q4_K_M.gguf', bytes: 10, sha256: 'a'.repeat(64) },
  draft: { file: 'draft/small.gguf' },
}
const parse = (json: unknown) =>
  parseManifest(typeof json === 'string' ? json : JSON.stringify(json), 'x/foretoken.json')

describe('foretoken.json', () => {
  test('names two files, or a file and a model on the Hub; what it does not know is left out', () => {
    expect(parse(good)).toEqual(good)
    expect(parse({ ...good, $schema: 's', note: 1 })).toEqual(good)
    const draft = { hub: 'hf://owner/repo@main/small.gguf', bytes: 3 }
    expect(parse({ ...good, draft })).toEqual({ ...good, draft })
  })

  test.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /it is no JSON \(/],
    ['a list', '[]', /it is no JSON object/],
    ['another format', { ...good, format: 'other' }, /its "format" is not "foretoken-bundle"/],
    ['a newer version', { ...good, version: 2 }, /its "version" is 2, and 1 is known here/],
    ['no target', { ...good, target: undefined }, /it has no "target"/],
    ['no draft', { ...good, draft: undefined }, /it has no "draft"/],
    ['a target elsewhere', { ...good, target: { hub: 'owner/repo' } }, /"target" must have a "file"/],
    ['both', { ...good, draft: { file: 'a.gguf', hub: 'owner/repo' } }, /"draft" must have either "file" or "hub"/],
    ['neither', { ...good, draft: {} }, /"draft" must have either/],
    ['no checksum', { ...good, draft: { file: 'a.gguf', sha256: 'A'.repeat(64) } }, /"sha256" of its "draft"/],
    ['no size', { ...good, draft: { file: 'a.gguf', bytes: -1 } }, /"bytes" of its "draft"/],
    ['no name', { ...good, draft: { hub: '../../x' } }, /"hub" of its "draft" is no name/],
    ['a hub that is no text', { ...good, draft: { hub: 1 } }, /"hub" of its "draft" is no text/],
    ['a file of another kind', { ...good, draft: { file: 'run.sh' } }, /name a \.gguf or an \.onnx file/],
  ])('with %s is refused', (_, json, message) => {
    expect(() => parse(json)).toThrow(
      expect.objectContaining({ code: 'model-file', message: expect.stringMatching(message) }),
    )
  })

  test.each([
    '../x.gguf',
    'a/../../x.gguf',
    '/etc/x.gguf',
    'C:/x.gguf',
    'C:x.gguf',
    '..\\x.gguf',
    '\\\\host\\x.gguf',
    'a//x.gguf',
    './x.gguf',
    '',
  ])('a file %j is refused: it may lie anywhere', (file) => {
    expect(() => parse({ ...good, draft: { file } })).toThrow(/does not lie in its folder/)
    expect(() => parse({ ...good, target: { file } })).toThrow(/does not lie in its folder/)
  })
})
