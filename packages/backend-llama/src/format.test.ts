import {
  type DraftStrategy,
  draftModel,
  fixedLength,
  type FormatDescription,
  generate,
  promptLookup,
} from '@foretoken/core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seeded } from '../../grammar/src/testing/random.js'
import { randomSchema } from '../../grammar/src/testing/schemas.js'
import { loadModel } from './load.js'
import type { LlamaModel } from './model.js'
import { draftPath, targetPath } from './test-models.js'

/** 1,000 schemas in full, 40 in the default run; a group of them in each test. */
const groups = process.env['FORETOKEN_FULL'] === '1' ? 50 : 4
const inGroup = process.env['FORETOKEN_FULL'] === '1' ? 20 : 10
/** Logits of a pass over several tokens differ from those of single ones by less. */
const rounding = 0.05
const prompt = 'An example of such a value, as JSON: '

describe('formats on llama.cpp', () => {
  let target: LlamaModel
  let draft: LlamaModel
  beforeAll(async () => {
    // Beyond the 1,024 tokens that they were trained on they make no sense, and need not: a few lists of addresses are long.
    target = await loadModel({ path: targetPath, gpu: false, contextSize: 2048, sequences: 2 })
    draft = await loadModel({ path: draftPath, gpu: false, contextSize: 2048 })
  })
  afterAll(async () => {
    await target.dispose()
    await draft.dispose()
  })

  it.each<[FormatDescription, RegExp]>([
    [{ type: 'choice', choices: ['positive', 'negative', 'it depends'] }, /^(positive|negative|it depends)$/],
    [{ type: 'regex', pattern: '(foo|bar)-[0-9]{2,4}' }, /^(foo|bar)-\d{2,4}$/],
    [
      { type: 'grammar', grammar: 'root ::= item ("; " item){1,3}\nitem ::= [a-z]{1,6} "é"' },
      /^[a-z]{1,6}é(; [a-z]{1,6}é){1,3}$/,
    ],
    [{ type: 'json', schema: { type: 'integer', minimum: 18, maximum: 99 } }, /^[1-9]\d$/],
  ])('%j', async (responseFormat, shape) => {
    for (const temperature of [0, 1]) {
      const { text, finishReason } = await generate({ model: target, prompt, responseFormat, temperature }).result()
      expect(text).toMatch(shape)
      expect(finishReason).toBe('end')
    }
  })

  it('bytes of tokens are what decoding them gives', () => {
    const { tokenizer } = target
    const text = 'const größe = "漢字 😀"\n\treturn\n'
    const bytes = tokenizer.encode(text).flatMap((token) => [...tokenizer.bytes!(token)])
    expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(text)
    const end = Array.from({ length: tokenizer.vocabSize }, (_, token) => token).find((each) => tokenizer.isEnd(each))
    expect(tokenizer.bytes!(end!)).toHaveLength(0)
    expect(() => tokenizer.bytes!(tokenizer.vocabSize)).toThrow('is not a token')
  })

  it('a malformed format is refused before anything is computed', async () => {
    const responseFormat: FormatDescription = { type: 'json', schema: { not: {} } }
    await expect(generate({ model: target, prompt, responseFormat }).result()).rejects.toMatchObject({
      code: 'invalid-argument',
    })
    await expect(target.constrain!({ type: 'regex', pattern: '(' })).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  /** How much better the target likes its own choice than `other`, after `context`, among what the format allows. */
  async function margin(context: readonly number[], one: number, other: number): Promise<number> {
    const sequence = await target.createSequence()
    const row = (await sequence.forward(context)).row(0)
    const lead = row[one]! - row[other]!
    await sequence.dispose()
    return lead
  }

  it.each(Array.from({ length: groups }, (_, group) => group))(
    'generated schemas, group %i: the text is valid, and the same with drafts as without',
    { timeout: 300_000 },
    async (group) => {
      const ajv = new Ajv2020({ strict: false })
      formats.default(ajv)
      const nearTies: string[] = []
      for (let seed = group * inGroup; seed < (group + 1) * inGroup; seed++) {
        // A small model goes on and on where a schema lets it.
        const schema = randomSchema(seeded(seed), { recursive: false })
        const validate = ajv.compile(schema)
        const responseFormat: FormatDescription = { type: 'json', schema }
        const say = async (strategy?: DraftStrategy, temperature = 0) => {
          const length = fixedLength(4)
          const options = {
            model: target,
            prompt,
            responseFormat,
            strategy,
            length,
            temperature,
            seed,
            maxTokens: 2000,
          }
          const result = await generate(options).result()
          const about = `seed ${seed}: ${JSON.stringify(schema)}\n${result.text}`
          expect(result.warnings, about).toEqual([])
          expect(result.finishReason, about).toBe('end')
          expect(validate(JSON.parse(result.text)), `${about}\n${ajv.errorsText(validate.errors)}`).toBe(true)
          return result
        }
        const plain = await say()
        for (const strategy of [promptLookup(), draftModel({ model: draft })]) {
          const drafted = await say(strategy)
          const fork = drafted.tokens.findIndex((token, i) => token !== plain.tokens[i])
          if (fork < 0 && drafted.tokens.length === plain.tokens.length) continue
          // Wider passes round differently: where two tokens are that close, either may be said. Anything else is a bug.
          const at = fork < 0 ? drafted.tokens.length : fork
          const context = [...target.tokenizer.encode(prompt, { start: true }), ...plain.tokens.slice(0, at)]
          const lead = await margin(context, plain.tokens[at]!, drafted.tokens[at]!)
          expect(Math.abs(lead), `seed ${seed}, token ${at}`).toBeLessThan(rounding)
          nearTies.push(`seed ${seed}, token ${at}: a near-tie, ${lead.toFixed(4)} apart`)
        }
        await say(draftModel({ model: draft }), 0.8)
        await say(promptLookup(), 0.8)
      }
      // Near-ties are rare; more would mean that something else is going on.
      expect(nearTies.length, nearTies.join('\n')).toBeLessThan(inGroup / 4)
    },
  )
})
