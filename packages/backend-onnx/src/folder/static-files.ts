import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { embeddingInputs, logitsOf, staticInputs, staticName } from '../export/static-names.js'
import { readGraph, type GraphSummary } from '../graph/read-graph.js'
import { mustCover } from './check-signature.js'
import { checkModelFiles } from './external-files.js'
import { bad } from './files.js'
import type { ModelConfig } from './read-config.js'

/** The graphs of a model in its static form, and the sizes that they were made for. */
export interface StaticFiles {
  /** The graph that looks up embeddings and rotations, for any number of tokens. Absolute path. */
  readonly embedding: string
  /** For each number of tokens in a pass, ascending, the graph. Absolute paths. */
  readonly passes: readonly { readonly tokens: number; readonly file: string }[]
  readonly layers: number
  readonly kvHeads: number
  readonly headSize: number
  /** Tokens that the cache holds. */
  readonly contextLength: number
}

/**
 * Reads what belongs to one graph of the static form, as `exportOnnx` writes it: those for other numbers of tokens, and
 * that for the embeddings.
 *
 * @throws `model-file` when a file is missing, broken, or contradicts another or `config`.
 */
export async function readStaticFiles(
  modelFile: string,
  config: Pick<ModelConfig, 'layers' | 'kvHeads' | 'headSize' | 'vocabSize'>,
): Promise<StaticFiles> {
  const folder = dirname(modelFile)
  const { variant } = staticName(basename(modelFile))!
  const files = (await readdir(folder)).flatMap((name) => {
    const parts = staticName(name)
    return parts?.variant === variant ? [{ file: join(folder, name), graph: parts.graph }] : []
  })
  const passes = files
    .flatMap(({ file, graph }) => (graph === 'embedding' ? [] : [{ tokens: graph, file }]))
    .toSorted((a, b) => a.tokens - b.tokens)
  const embedding = files.find(({ graph }) => graph === 'embedding')?.file
  if (embedding === undefined || passes.length === 0) {
    const missing = passes.length === 0 ? 'the graphs of its passes are' : 'the graph of its embeddings is'
    throw bad(modelFile, `${missing} not beside it`, 'Export the model again.')
  }
  for (const { file } of files) await checkModelFiles(file)

  mustTake(embedding, await read(embedding), Object.values(embeddingInputs))
  const { layers, kvHeads, headSize, vocabSize } = config
  let contextLength: number | undefined
  for (const { tokens, file } of passes) {
    const graph = await read(file)
    const caches = Array.from({ length: layers }, (_, layer) => [
      staticInputs.pastKey(layer),
      staticInputs.pastValue(layer),
    ]).flat()
    const { embeddings, mask, cosines, sines } = staticInputs
    mustTake(file, graph, [embeddings, mask, cosines, sines, ...caches])
    const shape = graph.inputs.find(({ name }) => name === staticInputs.pastKey(0))!.dimensions
    const past = shape[2]
    contextLength ??= Number(past)
    if (shape.join() !== [1, kvHeads, contextLength, headSize].join()) {
      throw bad(file, `its cache is ${shape.join(' x ')}`, 'Export config.json and all graphs from one model.')
    }
    const width = graph.inputs.find(({ name }) => name === staticInputs.embeddings)!.dimensions[1]
    if (width !== tokens) throw bad(file, `it takes ${width} tokens, not ${tokens}`, 'Leave the name as it was.')
    mustCover(widthOfLogits(graph), vocabSize)
  }
  return { embedding, passes, layers, kvHeads, headSize, contextLength: contextLength! }
}

async function read(file: string): Promise<GraphSummary> {
  return readGraph(await readFile(file))
}

function mustTake(file: string, { inputs }: GraphSummary, names: readonly string[]): void {
  const there = inputs.map(({ name }) => name)
  if (there.toSorted().join() === names.toSorted().join()) return
  throw bad(file, `it takes ${there.join(', ')}, not ${names.join(', ')}`, 'Export the model again.')
}

function widthOfLogits({ outputs }: GraphSummary): number {
  const widths = new Map(outputs.map(({ name, dimensions }) => [name, Number(dimensions[2])]))
  return logitsOf(outputs.map(({ name }) => name)).reduce((sum, name) => sum + widths.get(name)!, 0)
}
