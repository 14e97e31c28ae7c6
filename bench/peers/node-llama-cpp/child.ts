import {
  DraftSequenceTokenPredictor,
  getLlama,
  InputLookupTokenPredictor,
  type LlamaContextSequence,
  LlamaLogLevel,
  type Token,
  type TokenPredictor,
} from '../../../packages/backend-llama/node_modules/node-llama-cpp/dist/index.js'
import type { Decoding } from '../contender.js'
import { type ChildSetup, serve } from '../serve.js'
import { type Predictor, settings } from './settings.js'

serve(async (setup) => {
  const { threads, contextSize } = setup
  const llama = await getLlama({ gpu: false, build: 'never', maxThreads: threads, logLevel: LlamaLogLevel.error })
  const [target, draft] = await Promise.all(
    [setup.target, setup.draft].map(async (modelPath) => {
      const model = await llama.loadModel({ modelPath })
      return model.createContext({ contextSize, sequences: 1, threads })
    }),
  )
  return async ({ setting, prompt }) => {
    const { predictor } = settings.find(({ name }) => name === setting)!
    const draftSequence = predictor?.kind === 'draft' ? draft!.getSequence() : undefined
    const tokenPredictor = predictor && predictorOf(predictor, draftSequence)
    const sequence = target!.getSequence(tokenPredictor && { tokenPredictor })
    try {
      return await decode(sequence, target!.model.tokenize(prompt), setup)
    } finally {
      // A predictor may still be at work: until it is not, there is no sequence for the next text.
      await sequence.dispose()
      await draftSequence?.dispose()
    }
  }
})

function predictorOf({ kind, options }: Predictor, draft: LlamaContextSequence | undefined): TokenPredictor {
  return kind === 'draft' ? new DraftSequenceTokenPredictor(draft!, options) : new InputLookupTokenPredictor(options)
}

async function decode(
  sequence: LlamaContextSequence,
  prompt: readonly Token[],
  { maxTokens, temperature, seed }: ChildSetup,
): Promise<Decoding> {
  // Where a completion class uses the sequence, it does this.
  sequence.tokenPredictor?.updateInputTokens([...prompt])
  // Reads the prompt, and lets the draft model read it.
  await sequence.evaluateWithoutGeneratingNewTokens(prompt.slice(0, -1))
  const tokens: Token[] = []
  const started = performance.now()
  for await (const token of sequence.evaluate(prompt.slice(-1), { temperature, topK: 0, topP: 1, minP: 0, seed })) {
    tokens.push(token)
    if (tokens.length === maxTokens) break
  }
  const ms = performance.now() - started
  const { validated, refuted } = sequence.tokenPredictions
  const drafted = validated + refuted
  return {
    tokens: tokens.length,
    ms,
    text: sequence.model.detokenize(tokens, false, prompt.slice(-8)),
    ...(drafted > 0 && { drafted, accepted: validated }),
  }
}
