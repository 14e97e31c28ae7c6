import { type GraphNode, readNode } from '../graph/node.js'
import { attributeFields, graphFields, nodeFields } from '../graph/onnx-fields.js'
import { fieldsOf } from '../protobuf/fields.js'
import { Message } from '../protobuf/message.js'
import { splice } from '../protobuf/splice.js'
import { integerAttributeOf } from './write.js'

const attributeName = 'accuracy_level'

/**
 * A node with `accuracy_level` on every `MatMulNBits` that it is or, in subgraphs, has.
 *
 * @param count Told of each one that is changed.
 * @returns `undefined` when nothing is to be changed.
 */
export function withAccuracyLevel(node: GraphNode, level: number, count: () => void): Message | undefined {
  if (node.operator === 'com.microsoft:MatMulNBits') return withLevel(node, level, count)
  return splice(node.bytes, (field) => {
    if (field.number !== nodeFields.attribute) return undefined
    return splice(field.content, (part) => {
      if (part.number !== attributeFields.graph && part.number !== attributeFields.graphs) return undefined
      return splice(part.content, (field) => {
        if (field.number !== graphFields.node) return undefined
        return withAccuracyLevel(readNode(field.content), level, count)
      })
    })
  })
}

function withLevel(node: GraphNode, level: number, count: () => void): Message | undefined {
  const current = node.attributes.find((attribute) => nameOf(attribute) === attributeName)
  if (current && levelOf(current) === BigInt(level)) return undefined
  count()
  const attribute = integerAttributeOf(attributeName, level)
  if (!current) return new Message().raw(node.bytes).message(nodeFields.attribute, attribute)
  return splice(node.bytes, (field) => {
    return field.number === nodeFields.attribute && nameOf(field.content) === attributeName ? attribute : undefined
  })
}

function nameOf(attribute: Uint8Array): string | undefined {
  return [...fieldsOf(attribute)].findLast(({ number }) => number === attributeFields.name)?.text
}

/** A whole number that is 0 need not be written. */
function levelOf(attribute: Uint8Array): bigint {
  return [...fieldsOf(attribute)].findLast(({ number }) => number === attributeFields.integer)?.integer ?? 0n
}
