import type { Setting } from '../contender.js'

/** Options of node-llama-cpp's predictors; what is absent is its own default. */
export type Predictor =
  | {
      readonly kind: 'draft'
      readonly options: { readonly minTokens?: number; readonly maxTokens?: number; readonly minConfidence?: number }
    }
  | {
      readonly kind: 'lookup'
      readonly options: { readonly patternLength?: { min: number }; readonly predictionLength?: { max: number } }
    }

export interface PredictorSetting extends Setting {
  readonly predictor?: Predictor
}

const drafted = (name: string, options: Extract<Predictor, { kind: 'draft' }>['options']): PredictorSetting => ({
  name: `draft model, ${name}`,
  role: 'tuned',
  predictor: { kind: 'draft', options },
})

export const settings: readonly PredictorSetting[] = [
  { name: 'plain', role: 'plain' },
  { ...drafted('as it comes', {}), role: 'default' },
  ...[2, 4, 8].map((count) => drafted(`${count} tokens`, { minTokens: count, maxTokens: count, minConfidence: 0 })),
  drafted('1 to 8 tokens, confidence 0.4', { minTokens: 1, maxTokens: 8, minConfidence: 0.4 }),
  { name: 'lookup, as it comes', role: 'tuned', predictor: { kind: 'lookup', options: {} } },
  {
    name: 'lookup, runs of 2, 8 tokens',
    role: 'tuned',
    predictor: { kind: 'lookup', options: { patternLength: { min: 2 }, predictionLength: { max: 8 } } },
  },
]
