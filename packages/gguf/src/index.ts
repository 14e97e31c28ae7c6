export { copyWithMetadata, type CopyOptions } from './copy-with-metadata.js'
export { decode } from './decode.js'
export { encode } from './encode.js'
export {
  type GgufMetadata,
  type GgufValue,
  type NumberType,
  numberOf,
  numbersOf,
  textOf,
  textsOf,
  type ValueType,
} from './metadata.js'
export { type GgufFile, type GgufTensor, parseGgufMetadata, readGguf, readGgufMetadata, readTensor } from './read.js'
export {
  byteLength,
  type Format,
  formats,
  isWritable,
  type TensorType,
  type WritableType,
  writableTypes,
} from './tensor-types.js'
export { type GgufLayout, layOut, type TensorSpec, writeGguf } from './write.js'
