import { loadModel } from '@foretoken/backend-onnx'
import { draftModel, generate } from '@foretoken/core'
import { draftOnnx as draft, targetOnnx as target } from '@foretoken/demo-models'

const model = await loadModel({ path: target })
const small = await loadModel({ path: draft })
const prompt = 'export function clamp(value: number, min: number, max: number): number {\n'

const fast = await generate({ model, prompt, maxTokens: 64, strategy: draftModel({ model: small }) }).result()
console.log(prompt + fast.text)

const { passes, tokens, alpha, tokensPerSecond } = fast.stats
console.log(
  `\n${tokens} tokens from ${passes} passes of the target, ${Math.round(alpha * 100)} % of the judged drafts accepted`,
)

// The same without a draft: slower, and the same text.
const plain = await generate({ model, prompt, maxTokens: 64 }).result()
console.log(
  `${tokensPerSecond.toFixed(0)} tokens/s, against ${plain.stats.tokensPerSecond.toFixed(0)} without the draft`,
)

await small.dispose()
await model.dispose()

if (fast.text !== plain.text || passes >= tokens) {
  console.error('The texts differ, or nothing was accepted: this must not be.')
  process.exitCode = 1
}
