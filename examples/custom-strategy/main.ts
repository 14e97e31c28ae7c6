import { loadModel } from '@foretoken/backend-llama'
import { fixedLength, generate } from '@foretoken/core'
import { strategyConformance } from '@foretoken/core/testing'
import { target } from '@foretoken/demo-models'
import bigrams from './strategy.js'

const model = await loadModel({ path: target })
const prompt = 'export const colors = {\n  red: "red",\n  green: "green",\n  blue: "blue",\n'

// A fixed length, to see it draft: left to itself, the length is 0 where a pass over several tokens is dear.
const drafted = await generate({ model, prompt, maxTokens: 64, strategy: bigrams, length: fixedLength(4) }).result()
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

for (const { name, run } of strategyConformance(() => bigrams)) {
  await run()
  console.log(`conforms: ${name}`)
}
