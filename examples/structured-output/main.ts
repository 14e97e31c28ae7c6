import { loadModel } from '@foretoken/backend-llama'
import { draftModel, forcedTokens, generate } from '@foretoken/core'
import { draft, target } from '@foretoken/demo-models'

const model = await loadModel({ path: target })
const small = await loadModel({ path: draft })

/** What is wanted, and its JSON schema. */
interface Person {
  readonly name: string
  readonly age: number
  readonly roles: readonly ('admin' | 'editor' | 'reader')[]
}
const schema = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 20 },
    age: { type: 'integer', minimum: 0, maximum: 120 },
    roles: { type: 'array', items: { enum: ['admin', 'editor', 'reader'] }, minItems: 1, maxItems: 2 },
  },
  required: ['name', 'age', 'roles'],
  additionalProperties: false,
}

const options = {
  model,
  prompt: 'A user of the system, as JSON: ',
  maxTokens: 120,
  responseFormat: { type: 'json', schema },
} as const

// Where the schema leaves one token only, it is drafted for nothing; where there is a choice, the draft model drafts.
const fast = await generate({ ...options, strategy: forcedTokens(draftModel({ model: small })) }).result()
const person = JSON.parse(fast.text) as Person
console.log(person)

const { passes, tokens, accepted } = fast.stats
console.log(`\n${tokens} tokens from ${passes} passes of the target, ${accepted} of them drafted`)

const plain = await generate(options).result()
await small.dispose()
await model.dispose()

const { name, age, roles } = person
const fits = name.length > 0 && Number.isInteger(age) && age <= 120 && roles.length > 0
if (!fits || fast.text !== plain.text || passes >= tokens) {
  console.error('It does not fit the schema, or the texts differ, or nothing was accepted: this must not be.')
  process.exitCode = 1
}
