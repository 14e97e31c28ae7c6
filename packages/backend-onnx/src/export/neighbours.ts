import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { readJson } from '../folder/files.js'
import { staticName } from './static-names.js'

/** What can lie side by side in a folder, under one `config.json`. */
export interface Form {
  /** Whether its graphs are of fixed sizes. */
  readonly fixed: boolean
  /** Of the weights, as it is in names: empty for fp32, `_fp16`, `_q4`. */
  readonly variant: string
}

/** The graphs of a folder that an export leaves there. */
export interface Neighbours {
  /** Relative to the folder. */
  readonly graphs: readonly string[]
  /** Whether one of them goes by the context length of `config.json`. Those of fixed sizes have their own. */
  readonly ofAnyLength: boolean
  /** In tokens, where one goes by it. */
  readonly contextLength: number | undefined
  /** Empty where there are no graphs. */
  readonly config: Config
}

type Config = Readonly<Record<string, unknown>>

/** What is in `folder` beside the files of `form`. The folder need not be there. */
export async function neighboursOf(folder: string, form: Form): Promise<Neighbours> {
  const inside = (await filesOf(join(folder, 'onnx'))).filter((name) => !belongsTo(form, name))
  const files = [...inside.map((name) => join('onnx', name)), ...(await filesOf(folder))]
  const graphs = files.filter((name) => name.endsWith('.onnx'))
  const ofAnyLength = graphs.some((name) => !staticName(basename(name)))
  const config = (graphs.length > 0 && (await readJson<Config>(join(folder, 'config.json')))) || {}
  const length = config['max_position_embeddings']
  const contextLength = ofAnyLength && typeof length === 'number' ? length : undefined
  return { graphs, ofAnyLength, contextLength, config }
}

/** What says nothing of the graphs. */
const incidental = new Set(['_name_or_path', 'tie_word_embeddings'])

/** @throws `invalid-argument` when `config` in place of the one that is there would be wrong about `neighbours`. */
export function mustBeTrueOf(folder: string, neighbours: Neighbours, config: Config): void {
  const { graphs, ofAnyLength, config: there } = neighbours
  if (graphs.length === 0) return
  const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing'
  for (const [key, value] of Object.entries(config)) {
    const isLength = key === 'max_position_embeddings'
    if (incidental.has(key) || (isLength && !ofAnyLength) || text(there[key]) === text(value)) continue
    const instead = isLength ? `convert it for ${text(there[key])} tokens as they are` : 'delete them'
    throw new ForetokenError(
      'invalid-argument',
      `${folder} has other graphs already (${graphs.join(', ')}), which the new config.json would be wrong about: ` +
        `${key} is ${text(there[key])} there, not ${text(value)}. Use another folder, or ${instead}.`,
    )
  }
}

/** Deletes the files of `form`, if there are any. */
export async function removeForm(folder: string, form: Form): Promise<void> {
  const onnx = join(folder, 'onnx')
  const names = (await filesOf(onnx)).filter((name) => belongsTo(form, name))
  // A graph does not outlive its weights.
  for (const name of names.toSorted((a, b) => Number(b.endsWith('.onnx')) - Number(a.endsWith('.onnx')))) {
    await rm(join(onnx, name))
  }
}

function belongsTo({ fixed, variant }: Form, name: string): boolean {
  const pattern = fixed
    ? `^model_static${variant}(_embedding|_\\d+)?\\.onnx(_data)?$`
    : `^model${variant}\\.onnx(_data(_\\d+)?)?$`
  return new RegExp(pattern).test(name)
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
  return entries.flatMap((entry) => (entry.isDirectory() ? [] : [entry.name])).toSorted()
}
