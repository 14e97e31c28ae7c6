import { loadModel } from '@foretoken/backend-llama'
import { generate } from '@foretoken/core'
import { target } from '@foretoken/demo-models'
import bigrams from './strategy.js'

const model = await loadModel({ path: target })
const prompt = 'export const colors = {\n  red: "red",\n  green: "green",\n  blue: "blue",\n'

const drafted = await generate({ model, prompt, maxTokens: 64, strategy: bigrams }).result()
const plain = await generate({ model, prompt, maxTokens: 64 }).result()
await model.dispose()

console.log(prompt + drafted.text)
const { accepted, passes, tokens } = drafted.stats
console.log(`\n${bigrams.name}: ${accepted} drafted tokens accepted, ${tokens} tokens from ${passes} passes`)

// Whatever a strategy proposes, the text is the target's own.
if (drafted.text !== plain.text || accepted === 0) {
  console.error('The texts differ, or nothing was accepted: this must not be.')
  process.exitCode = 1
}
