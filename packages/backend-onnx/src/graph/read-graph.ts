import { damaged, type Field, fieldsOf } from '../protobuf/fields.js'
import { type GraphNode, readNode, subgraphsOf } from './node.js'
import {
  attributeFields,
  dimensionFields,
  entryFields,
  functionFields,
  graphFields,
  modelFields,
  opsetFields,
  shapeFields,
  sparseFields,
  tensorFields,
  tensorTypeFields,
  typeFields,
  valueFields,
} from './onnx-fields.js'

export type ElementType = 'float' | 'float16' | 'int64' | 'int32' | 'bool' | 'uint8' | 'int8' | 'other'

/** What goes into a graph or comes out of it. */
export interface ValueInfo {
  readonly name: string
  readonly type: ElementType
  /** A size, the name of a size that is known when it runs, or nothing at all. Empty for scalars and unknown shapes. */
  readonly dimensions: readonly (number | string | undefined)[]
}

export interface GraphSummary {
  /** What has to be fed: not the weights, which old exports list among the inputs. */
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
  /** How often each operator occurs, in subgraphs and functions too: `MatMul`, `com.microsoft:MatMulNBits`. */
  readonly operators: ReadonlyMap<string, number>
  /** The version of each domain's operators; ONNX's own domain is the empty text. */
  readonly opsets: ReadonlyMap<string, number>
  /** Files beside the model that hold weights, as it names them. */
  readonly externalFiles: readonly string[]
}

const elementTypes: Readonly<Record<number, ElementType>> = {
  1: 'float',
  2: 'uint8',
  3: 'int8',
  6: 'int32',
  7: 'int64',
  9: 'bool',
  10: 'float16',
}

/**
 * What an ONNX file takes, gives and is made of. Looks at the structure alone, however many weights are inside.
 *
 * @param model The whole `.onnx` file.
 * @throws `model-file` when it is damaged or no ONNX model.
 */
export function readGraph(model: Uint8Array): GraphSummary {
  const opsets = new Map<string, number>()
  const walk = new Walk()
  let graph: Uint8Array | undefined
  for (const field of fieldsOf(model)) {
    if (field.number === modelFields.graph) graph = field.content
    else if (field.number === modelFields.opsets) {
      const [domain, version] = values(field.content, opsetFields.domain, opsetFields.version)
      const name = domain?.text ?? ''
      opsets.set(name === 'ai.onnx' ? '' : name, Number(version?.integer ?? 0))
    } else if (field.number === modelFields.functions) {
      for (const part of fieldsOf(field.content)) {
        if (part.number === functionFields.node) walk.node(readNode(part.content))
      }
    }
  }
  if (!graph) throw damaged('it has no graph')
  const { inputs, outputs, weights } = walk.graph(graph)
  return {
    inputs: inputs.filter(({ name }) => !weights.has(name)),
    outputs,
    operators: walk.operators,
    opsets,
    externalFiles: [...walk.externalFiles],
  }
}

class Walk {
  readonly operators = new Map<string, number>()
  readonly externalFiles = new Set<string>()

  graph(graph: Uint8Array): { inputs: ValueInfo[]; outputs: ValueInfo[]; weights: Set<string> } {
    const inputs: ValueInfo[] = []
    const outputs: ValueInfo[] = []
    const weights = new Set<string>()
    for (const field of fieldsOf(graph)) {
      if (field.number === graphFields.node) this.node(readNode(field.content))
      else if (field.number === graphFields.input) inputs.push(readValueInfo(field.content))
      else if (field.number === graphFields.output) outputs.push(readValueInfo(field.content))
      else if (field.number === graphFields.initializer) weights.add(this.tensor(field.content))
      else if (field.number === graphFields.sparseInitializer) {
        const [data, indices] = values(field.content, sparseFields.values, sparseFields.indices)
        if (data) weights.add(this.tensor(data.content))
        if (indices) this.tensor(indices.content)
      }
    }
    return { inputs, outputs, weights }
  }

  node(node: GraphNode): void {
    this.operators.set(node.operator, (this.operators.get(node.operator) ?? 0) + 1)
    for (const graph of subgraphsOf(node)) this.graph(graph)
    for (const attribute of node.attributes) {
      for (const field of fieldsOf(attribute)) {
        if (field.number === attributeFields.tensor || field.number === attributeFields.tensors) {
          this.tensor(field.content)
        }
      }
    }
  }

  /** @returns Its name. */
  private tensor(tensor: Uint8Array): string {
    let name = ''
    for (const field of fieldsOf(tensor)) {
      if (field.number === tensorFields.name) name = field.text
      else if (field.number === tensorFields.externalData) {
        const [key, value] = values(field.content, entryFields.key, entryFields.value)
        if (key?.text === 'location' && value) this.externalFiles.add(value.text)
      }
    }
    return name
  }
}

export function readValueInfo(bytes: Uint8Array): ValueInfo {
  const [name, type] = values(bytes, valueFields.name, valueFields.type)
  const [tensor] = type ? values(type.content, typeFields.tensor) : []
  const [element, shape] = tensor ? values(tensor.content, tensorTypeFields.element, tensorTypeFields.shape) : []
  const dimensions = shape ? [...fieldsOf(shape.content)].filter(({ number }) => number === shapeFields.dimension) : []
  return {
    name: name?.text ?? '',
    type: elementTypes[Number(element?.integer ?? 0)] ?? 'other',
    dimensions: dimensions.map((dimension) => {
      const [size, name] = values(dimension.content, dimensionFields.value, dimensionFields.name)
      return size ? Number(size.integer) : name?.text || undefined
    }),
  }
}

/** The fields with these numbers, in their order; of several with one number the last, as protobuf wants it. */
function values(message: Uint8Array, ...numbers: readonly number[]): (Field | undefined)[] {
  const found: (Field | undefined)[] = numbers.map(() => undefined)
  for (const field of fieldsOf(message)) {
    const index = numbers.indexOf(field.number)
    if (index >= 0) found[index] = field
  }
  return found
}
