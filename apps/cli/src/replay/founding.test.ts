import { expect, test } from 'vitest'
import { costNote, founding } from './founding.js'

test('a cost that is off by a third is spoken of, either way', () => {
  for (const near of [founding.c, founding.c * 1.3, founding.c * 0.8]) expect(costNote(near)).toBeUndefined()
  expect(costNote(0.17)).toMatch(/^c is 0\.17 here and was 1\/8 .* dearer .* less/)
  expect(costNote(0.08)).toMatch(/cheaper .* more/)
})
