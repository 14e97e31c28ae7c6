import type { GraphNode } from '../graph/node.js'
import { attributeFields } from '../graph/onnx-fields.js'
import { type Field, fieldsOf } from '../protobuf/fields.js'
import type { GraphEdit } from './graph-edit.js'

/** One layer's `GroupQueryAttention`, where it is asked for nothing but plain attention in single precision. */
export interface Attention {
  readonly node: GraphNode
  readonly heads: number
  readonly kvHeads: number
  /** Of a head. */
  readonly size: number
  /** What scores are multiplied by. */
  readonly scale: number
  readonly inputs: {
    /** Empty when the query has them, too. */
    readonly query: string
    readonly key: string
    readonly value: string
    readonly pastKey: string
    readonly pastValue: string
    /** Each text's last position, that of this pass's last token. */
    readonly lasts: string
  }
  /** How positions turn queries and keys; absent where they come turned. */
  readonly rotary?: { readonly cosines: string; readonly sines: string; readonly interleaved: boolean }
  readonly outputs: { readonly attended: string; readonly presentKey: string; readonly presentValue: string }
}

export function isAttention({ operator }: GraphNode): boolean {
  return operator === 'com.microsoft:GroupQueryAttention'
}

const known = new Set(['num_heads', 'kv_num_heads', 'scale', 'do_rotary', 'rotary_interleaved', 'local_window_size'])

/** @returns `undefined` when the operator is asked for more: a window, a soft cap, a sink, a bias, what is not known here. */
export function readAttention(graph: GraphEdit, node: GraphNode): Attention | undefined {
  const attributes = new Map(
    node.attributes.map((bytes) => {
      const fields = [...fieldsOf(bytes)]
      return [fields.find(({ number }) => number === attributeFields.name)?.text ?? '', fields]
    }),
  )
  const valueOf = (name: string, number: number): Field | undefined =>
    attributes.get(name)?.find((field) => field.number === number)
  const integer = (name: string, otherwise = 0): number =>
    Number(valueOf(name, attributeFields.integer)?.integer ?? otherwise)
  const asksForMore = [...attributes].some(([name, fields]) => !known.has(name) && fields.some(isNotZero))
  if (asksForMore || integer('local_window_size', -1) !== -1) return undefined

  const [query, key, value, pastKey, pastValue, lasts, , cosines = '', sines = '', ...more] = node.inputs
  if (!query || !pastKey || !pastValue || !lasts || !key !== !value || more.some((name) => name !== ''))
    return undefined
  const pasts = graph.inputs.filter(({ name }) => name === pastKey || name === pastValue)
  const size = Number(pasts[0]?.dimensions[3])
  if (pasts.length !== 2 || pasts.some(({ type, dimensions }) => type !== 'float' || dimensions[3] !== size)) {
    return undefined
  }
  const [attended, presentKey, presentValue, ...others] = node.outputs
  if (!attended || !presentKey || !presentValue || others.length > 0) return undefined
  if (!isOnlyOutput(graph, presentKey) || !isOnlyOutput(graph, presentValue)) return undefined
  const turns = integer('do_rotary') === 1
  // With fewer angles, a part of each head is turned.
  if (turns && [cosines, sines].some((name) => graph.sizesOf(name)?.[1] !== size / 2)) return undefined
  const scale = valueOf('scale', attributeFields.float)?.float ?? 0
  return {
    node,
    heads: integer('num_heads'),
    kvHeads: integer('kv_num_heads'),
    size,
    scale: scale === 0 ? 1 / Math.sqrt(size) : scale,
    inputs: { query, key: key ?? '', value: value ?? '', pastKey, pastValue, lasts },
    ...(turns && { rotary: { cosines, sines, interleaved: integer('rotary_interleaved') === 1 } }),
    outputs: { attended, presentKey, presentValue },
  }
}

/** Zeros, and a whole number of -1, stand for what is not asked for. */
function isNotZero(field: Field): boolean {
  if (field.number === attributeFields.integer) return field.integer !== 0n && field.integer !== -1n
  if (field.number === attributeFields.float) return field.float !== 0
  return field.number !== attributeFields.name && field.number !== attributeFields.type
}

/** Whether nothing in the graph reads what it gives. */
function isOnlyOutput(graph: GraphEdit, name: string): boolean {
  const isRead = graph.usedInside.has(name) || graph.nodes.some(({ inputs }) => inputs.includes(name))
  return !isRead && graph.outputs.some((output) => output.name === name)
}
