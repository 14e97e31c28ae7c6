import { staticName } from '../export/static-names.js'

/** How weights are stored: names of transformers.js, which the Hub's files go by. */
export type WeightType = 'fp32' | 'fp16' | 'q8' | 'int8' | 'uint8' | 'q4' | 'q4f16' | 'bnb4'

/** What the Hub puts behind a file's name for each type; the most faithful first. */
const suffixes: Readonly<Record<WeightType, string>> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
}

/**
 * What a file of a folder is. `static`: graphs of fixed sizes, for
 * CoreML, in single precision or, where there are none of those, with weights of 16 bits.
 */
export type ModelType = WeightType | 'static'

const weightTypes = Object.keys(suffixes) as WeightType[]

/** In the order in which they are chosen when no type is asked for. */
export const modelTypes: readonly ModelType[] = [...weightTypes, 'static']

/** Old exports have two graphs in one, and say so in the name. */
const stems = ['model', 'decoder_model_merged']

/** The names that a file of this type may have. */
export function namesOf(type: WeightType): string[] {
  return stems.map((stem) => `${stem}${suffixes[type]}.onnx`)
}

/** The type that a file is of, by its name. A name of another form says nothing: it counts as `fp32`. */
export function typeOf(name: string): ModelType {
  if (staticName(name)) return 'static'
  const stem = name.replace(/\.onnx$/, '')
  return weightTypes.findLast((type) => suffixes[type] !== '' && stem.endsWith(suffixes[type])) ?? 'fp32'
}
