/* The field numbers of onnx.proto (ONNX IR version 3 and later) that are read or written here. */

export const modelFields = { graph: 7, opsets: 8, functions: 25 } as const
export const opsetFields = { domain: 1, version: 2 } as const
export const graphFields = {
  node: 1,
  initializer: 5,
  input: 11,
  output: 12,
  valueInfo: 13,
  sparseInitializer: 15,
} as const
export const nodeFields = { input: 1, output: 2, name: 3, operator: 4, attribute: 5, domain: 7 } as const
export const attributeFields = {
  name: 1,
  float: 2,
  integer: 3,
  tensor: 5,
  graph: 6,
  integers: 8,
  tensors: 10,
  graphs: 11,
  type: 20,
} as const
export const functionFields = { node: 7 } as const
export const tensorFields = { dimensions: 1, type: 2, name: 8, data: 9, externalData: 13 } as const
export const sparseFields = { values: 1, indices: 2 } as const
export const entryFields = { key: 1, value: 2 } as const
export const valueFields = { name: 1, type: 2 } as const
export const typeFields = { tensor: 1 } as const
export const tensorTypeFields = { element: 1, shape: 2 } as const
export const shapeFields = { dimension: 1 } as const
export const dimensionFields = { value: 1, name: 2 } as const

/** `AttributeProto.type` of a number in single precision, of a whole number, and of several. */
export const floatAttribute = 1
export const integerAttribute = 2
export const integersAttribute = 7
