import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { compileFormat } from './index.js'
import { seeded } from './testing/random.js'
import { randomSchema } from './testing/schemas.js'
import { testVocabulary } from './testing/vocabulary.js'
import { randomText } from './testing/walk.js'

const vocabulary = testVocabulary()
const textsOfEach = process.env['FORETOKEN_FULL'] === '1' ? 10 : 1

describe('a thousand generated schemas', () => {
  it.each(Array.from({ length: 10 }, (_, group) => group))('hundred %i: every text is valid', (group) => {
    const ajv = new Ajv2020({ strict: false, allErrors: false })
    formats.default(ajv)
    for (let seed = group * 100; seed < group * 100 + 100; seed++) {
      const random = seeded(seed)
      const schema = randomSchema(random)
      const constraint = compileFormat({ type: 'json', schema }, vocabulary)
      const validate = ajv.compile(schema)
      for (let i = 0; i < textsOfEach; i++) {
        const text = randomText(constraint, vocabulary, random)
        const valid = validate(JSON.parse(text))
        expect(valid, `seed ${seed}: ${JSON.stringify(schema)}\n${text}\n${ajv.errorsText(validate.errors)}`).toBe(true)
        expect(text).not.toContain('\n')
      }
    }
  })
})
