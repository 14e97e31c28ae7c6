import { readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { staticName } from '../export/static-names.js'
import { bad, statOf } from './files.js'
import { type ModelType, modelTypes, namesOf, typeOf } from './model-types.js'

/** Where the parts of a model are. Absolute paths. */
export interface FoundModel {
  /** Where its configs and its tokenizer are. */
  readonly folder: string
  /** Of the static form, one of the graphs. */
  readonly modelFile: string
  readonly type: ModelType
}

/**
 * Finds the model in a folder, or the folder of a model. The `.onnx` files are in `onnx/`, as on the Hub, or beside
 * `config.json`.
 *
 * Where several types are there and none is asked for, it is the one that is closest to the trained weights: what the
 * others lose cannot be had back, and who wants speed for it can say so. The static form comes last, or first where
 * `preferStatic` says so.
 *
 * @throws `model-file` when there is none, `invalid-argument` when `type` is none or another than that of the file.
 */
export async function findModel(
  path: string,
  { type, preferStatic = false }: { type?: ModelType; preferStatic?: boolean } = {},
): Promise<FoundModel> {
  if (type !== undefined && !modelTypes.includes(type)) {
    throw new ForetokenError('invalid-argument', `${String(type)} is no type of a model: use ${modelTypes.join(', ')}.`)
  }
  const full = resolve(path)
  const stats = await statOf(full)
  if (!stats) throw bad(full, 'there is nothing', "Pass the folder of a model in ONNX, with the Hub's files in it.")
  if (!stats.isDirectory()) return { ...(await ofFile(full, type)) }

  const files = await listModels(full)
  if (!(await statOf(join(full, 'config.json')))) throw noConfig(full, files)
  if (files.length === 0) {
    throw bad(full, 'it has no .onnx file, neither in onnx/ nor beside config.json', 'Download or export one.')
  }
  const order = preferStatic ? (['static', ...modelTypes] as const) : modelTypes
  const chosen = choose(files, type ? [type] : order)
  if (!chosen) {
    throw bad(full, `it has no .onnx file${type ? ` of type ${type}` : ' of a known name'}`, listed(files, full))
  }
  return { folder: full, ...chosen }
}

async function ofFile(file: string, asked: ModelType | undefined): Promise<FoundModel> {
  const name = basename(file)
  if (!name.endsWith('.onnx')) {
    const advice = name.endsWith('.gguf')
      ? 'Convert it, or load it with @foretoken/backend-llama.'
      : 'Pass the folder of a model in ONNX, or an .onnx file in it.'
    throw bad(file, 'it is no .onnx file', advice)
  }
  const type = typeOf(name)
  if (asked !== undefined && asked !== type) {
    throw new ForetokenError('invalid-argument', `${file} is of type ${type}, not ${asked}. Leave out the type.`)
  }
  for (const folder of [dirname(file), dirname(dirname(file))]) {
    if (await statOf(join(folder, 'config.json'))) return { folder, modelFile: file, type }
  }
  throw bad(file, 'there is no config.json beside it or one folder up', "Put the model's own there.")
}

function choose(files: readonly string[], types: readonly ModelType[]): Omit<FoundModel, 'folder'> | undefined {
  for (const type of types) {
    const modelFile = type === 'static' ? chooseStatic(files) : findNamed(files, namesOf(type))
    if (modelFile !== undefined) return { modelFile, type }
  }
  // A file of another name is meant when it is the only one.
  const [only] = files
  if (files.length === 1 && types.includes(typeOf(basename(only!)))) {
    return { modelFile: only!, type: typeOf(basename(only!)) }
  }
  return undefined
}

function findNamed(files: readonly string[], names: readonly string[]): string | undefined {
  for (const name of names) {
    const found = files.find((file) => basename(file) === name)
    if (found !== undefined) return found
  }
  return undefined
}

/** A decoder's graph, of the weights that are closest to the trained ones. */
function chooseStatic(files: readonly string[]): string | undefined {
  const graphs = files.filter((file) => staticName(basename(file)))
  return graphs.find((file) => staticName(basename(file))!.variant === '') ?? graphs[0]
}

/** Those in `onnx/` first. */
async function listModels(folder: string): Promise<string[]> {
  const lists = [join(folder, 'onnx'), folder].map(async (each) => {
    if (!(await statOf(each))?.isDirectory()) return []
    const names = (await readdir(each)).filter((name) => name.endsWith('.onnx')).toSorted()
    return names.map((name) => join(each, name))
  })
  return (await Promise.all(lists)).flat()
}

function noConfig(folder: string, files: readonly string[]): ForetokenError {
  return files.length > 0
    ? bad(folder, 'it has no config.json', "Put the model's own there: it tells the shape of the model.")
    : bad(folder, 'it has neither a config.json nor an .onnx file', 'Pass the folder of a model in ONNX.')
}

function listed(files: readonly string[], folder: string): string {
  return `It has ${files.map((file) => file.slice(folder.length + 1)).join(', ')}: ask for one of those, or pass its path.`
}
