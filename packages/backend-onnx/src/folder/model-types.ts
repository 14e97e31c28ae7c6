/** The types that exports come in, and what the Hub puts behind the file's name for each; the most faithful first. */
const suffixes = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
} as const

/** How a model's weights are stored: names of transformers.js, which the Hub's files go by. */
export type ModelType = keyof typeof suffixes

/** In the order in which they are chosen when no type is asked for. */
export const modelTypes = Object.keys(suffixes) as ModelType[]

/** Old exports have two graphs in one, and say so in the name. */
const stems = ['model', 'decoder_model_merged']

/** The names that a file of this type may have. */
export function namesOf(type: ModelType): string[] {
  return stems.map((stem) => `${stem}${suffixes[type]}.onnx`)
}

/** The type that a file is of, by its name. A name of another form says nothing: it counts as `fp32`. */
export function typeOf(name: string): ModelType {
  const stem = name.replace(/\.onnx$/, '')
  return modelTypes.findLast((type) => suffixes[type] !== '' && stem.endsWith(suffixes[type])) ?? 'fp32'
}
