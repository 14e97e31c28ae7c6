import { fieldsOf } from '../protobuf/fields.js'
import { attributeFields, nodeFields } from './onnx-fields.js'

/** One operator of a graph, read. */
export interface GraphNode {
  /** With its domain, if that is not ONNX's own: `MatMul`, `com.microsoft:MatMulNBits`. */
  readonly operator: string
  /** Names of values; empty where an optional one is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** Encoded. */
  readonly attributes: readonly Uint8Array[]
  /** Encoded, as it was read. */
  readonly bytes: Uint8Array
}

export function readNode(bytes: Uint8Array): GraphNode {
  const inputs: string[] = []
  const outputs: string[] = []
  const attributes: Uint8Array[] = []
  let type = ''
  let domain = ''
  for (const field of fieldsOf(bytes)) {
    if (field.number === nodeFields.input) inputs.push(field.text)
    else if (field.number === nodeFields.output) outputs.push(field.text)
    else if (field.number === nodeFields.operator) type = field.text
    else if (field.number === nodeFields.domain) domain = field.text
    else if (field.number === nodeFields.attribute) attributes.push(field.content)
  }
  const operator = domain === '' || domain === 'ai.onnx' ? type : `${domain}:${type}`
  return { operator, inputs, outputs, attributes, bytes }
}

/** The graphs inside of a node, as `If` and `Loop` have them. */
export function subgraphsOf(node: GraphNode): Uint8Array[] {
  return node.attributes.flatMap((attribute) =>
    [...fieldsOf(attribute)]
      .filter(({ number }) => number === attributeFields.graph || number === attributeFields.graphs)
      .map((field) => field.content),
  )
}
