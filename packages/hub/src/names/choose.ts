import { ForetokenError } from '@foretoken/core'
import { formatHubName, type HubName } from './hub-name.js'
import { formatBytes } from '../format-bytes.js'

/** A file of a repository. */
export interface ListedFile {
  readonly path: string
  /** Bytes. */
  readonly size: number
}

/** What of a repository makes up a model. */
export interface Choice<File extends ListedFile = ListedFile> {
  /** The file to load: a GGUF file, the first part of one, or an `.onnx` file. */
  readonly main: string
  /** All that it needs; `main` is the last, so that it is there only when the others are. */
  readonly files: readonly File[]
  /** What tells it from the others: `Q4_K_M`. */
  readonly tag: string
  /** The tags of those that were not chosen. */
  readonly others: readonly string[]
}

/** The usual choice where several are offered, as llama.cpp and Ollama make it. */
const usual = 'Q4_K_M'

/** What lies beside models in GGUF and is none: projectors, importance matrices, heads that draft. */
const sidecar = /(^|\/)[^/]*(mmproj|imatrix|(mtp|eagle3|dflash|dspark)-)[^/]*$/i

/**
 * Chooses the model that a name asks for. Where it leaves that open: the only one there is, or else Q4_K_M.
 *
 * @param except Files that are no candidates.
 * @throws `model-file` when there is none, `invalid-argument` when there are several; the message lists them.
 */
export function choose<File extends ListedFile>(
  files: readonly File[],
  name: HubName,
  except: ReadonlySet<string> = new Set(),
): Choice<File> {
  const all = models(files).filter(({ main }) => !except.has(main))
  if (name.path !== undefined) return ofPath(all, files, name)
  const { tag, ...untagged } = name
  if (all.length === 0) throw nothing(files, name)
  const wanted = tag === undefined ? all : withTag(all, tag)
  const [only] = wanted
  const chosen = wanted.length === 1 ? only : tag === undefined ? single(withTag(all, usual)) : undefined
  if (chosen) return { ...chosen, others: all.filter((each) => each !== chosen).map(({ tag }) => tag) }
  const none = wanted.length === 0
  const offered = none ? all : wanted
  const what = none ? `no model ${tag}` : `${wanted.length} models${tag === undefined ? '' : ` ${tag}`}`
  const example = areUnique(offered)
    ? formatHubName({ ...untagged, tag: offered[0]!.tag })
    : formatHubName({ ...untagged, path: offered[0]!.main })
  throw new ForetokenError(
    none ? 'model-file' : 'invalid-argument',
    `${formatHubName(untagged)} has ${what}: ${none ? 'it has ' : ''}${listed(offered)}. Ask for one of them, as in ${example}.`,
  )
}

type Model<File extends ListedFile> = Omit<Choice<File>, 'others'>

/** Every model of a repository: those in GGUF or, where there are none, those in ONNX. */
export function models<File extends ListedFile>(files: readonly File[]): Model<File>[] {
  const gguf = files
    .filter(({ path }) => path.endsWith('.gguf') && !sidecar.test(path))
    .flatMap((file) => ggufOf(file, files))
  if (gguf.length > 0) return gguf
  const graphs = files.filter(({ path }) => path.endsWith('.onnx'))
  const known = graphs.filter(({ path }) => /(^|\/)(model|decoder_model_merged)(_[a-z0-9]+)?\.onnx$/.test(path))
  return (known.length > 0 ? known : graphs).map((file) => onnxOf(file, files))
}

const part = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/

/** Nothing for parts but the first, and where a part is missing. */
function ggufOf<File extends ListedFile>(file: File, files: readonly File[]): Model<File>[] {
  const [, stem, number, count] = part.exec(file.path) ?? []
  if (stem === undefined) return [{ main: file.path, files: [file], tag: quantisation(file.path.slice(0, -5)) }]
  if (Number(number) !== 1) return []
  const names = Array.from(
    { length: Number(count) },
    (_, i) => `${stem}-${String(i + 1).padStart(5, '0')}-of-${count}.gguf`,
  )
  const parts = names.map((name) => files.find(({ path }) => path === name))
  if (parts.includes(undefined)) return []
  return [{ main: file.path, files: (parts as File[]).toReversed(), tag: quantisation(stem) }]
}

/** `Q4_K_M` of `folder/Model-7B-Q4_K_M`; the whole name where nothing in it looks like that. */
function quantisation(stem: string): string {
  const name = stem.slice(stem.lastIndexOf('/') + 1)
  const found = /(?:^|[-._])((?:UD[-_])?(?:I?Q\d[A-Z0-9_]*|TQ\d_\d|MXFP4[A-Z0-9_]*|NVFP4|BF16|FP?16|FP?32))$/i.exec(
    name,
  )
  return found ? found[1]!.toUpperCase() : name
}

const configs = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'chat_template.jinja',
]

function onnxOf<File extends ListedFile>(graph: File, files: readonly File[]): Model<File> {
  const folder = folderOf(graph.path)
  const name = graph.path.slice(folder.length)
  const stem = name.replace(/\.onnx$/, '')
  const has = (path: string): boolean => files.some((file) => file.path === path)
  const root = [folder, folderOf(folder.slice(0, -1))].find((each) => has(`${each}config.json`)) ?? folder
  const needed = files.filter(({ path }) => {
    if (folderOf(path) === folder && (path.startsWith(`${graph.path}_data`) || path.startsWith(`${graph.path}.data`)))
      return true
    if (path === `${folder}${stem}.data`) return true
    return configs.some((config) => path === root + config)
  })
  const type = /^(?:model|decoder_model_merged)(?:_([a-z0-9]+))?$/.exec(stem)
  return { main: graph.path, files: [...needed, graph], tag: type ? (type[1] ?? 'fp32') : stem }
}

/** Of a model in ONNX, the files that its graph reads its weights from. ONNX Runtime wants them beside it, and no links. */
export function externalData({ main, files }: Pick<Choice, 'main' | 'files'>): string[] {
  if (!main.endsWith('.onnx')) return []
  const others = files.map(({ path }) => path).filter((path) => path !== main)
  return others.filter((path) => folderOf(path) === folderOf(main) && !/\.(json|jinja)$/.test(path))
}

/** With its slash; nothing for the root. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

function withTag<File extends ListedFile>(all: readonly Model<File>[], tag: string): Model<File>[] {
  const same = (text: string): boolean => text.toLowerCase() === tag.toLowerCase()
  const exact = all.filter((each) => same(each.tag))
  if (exact.length > 0) return exact
  // `Q4_K_M/part-00001-of-00002.gguf`, and tags that are more than a type.
  return all.filter(({ main }) => {
    const stem = main.replace(/(-\d{5}-of-\d{5})?\.(gguf|onnx)$/, '')
    return stem.split('/').some(same) || stem.toLowerCase().endsWith(`-${tag.toLowerCase()}`)
  })
}

function ofPath<File extends ListedFile>(
  all: readonly Model<File>[],
  files: readonly File[],
  name: HubName,
): Choice<File> {
  const path = name.path!
  const file = files.find((each) => each.path === path)
  if (file) {
    const [, stem, number, count] = part.exec(path) ?? []
    const first = stem === undefined ? path : `${stem}-00001-of-${count}.gguf`
    const model = file.path.endsWith('.onnx') ? onnxOf(file, files) : ggufOf({ ...file, path: first }, files)[0]
    if (!model) {
      throw new ForetokenError(
        'model-file',
        `${formatHubName(name)} is part ${Number(number)} of ${Number(count)}, and others are not there. Ask its author for the whole model.`,
      )
    }
    return { ...model, others: [] }
  }
  const folder = `${path}/`
  const within = all.filter(({ main }) => main.startsWith(folder))
  if (within.length === 1) return { ...within[0]!, others: [] }
  if (within.length > 1) {
    const { path: _, ...whole } = name
    throw new ForetokenError(
      'invalid-argument',
      `${formatHubName(name)} has ${within.length} models: ${listed(within)}. Ask for one of them, as in ${formatHubName({ ...whole, path: within[0]!.main })}.`,
    )
  }
  throw new ForetokenError(
    'model-file',
    `There is no ${path} in ${name.repo} (${name.revision}).${all.length > 0 ? ` It has ${listed(all)}.` : ''} Check the path.`,
  )
}

function nothing(files: readonly ListedFile[], name: HubName): ForetokenError {
  const weights = files.some(({ path }) => /\.(safetensors|bin|pth)$/.test(path))
  return new ForetokenError(
    'model-file',
    `${name.repo} has no model in GGUF or ONNX${weights ? ', only in the form that it was trained in' : ''}. ` +
      `Look for a repository that has: they are often called ${name.repo.split('/')[1]}-GGUF.`,
  )
}

function single<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined
}

function listed(all: readonly Model<ListedFile>[]): string {
  const unique = areUnique(all)
  const sizes = all.map(({ main, tag, files }) => {
    const size = files.reduce((sum, file) => sum + file.size, 0)
    return `${unique ? tag : main} (${formatBytes(size)})`
  })
  return sizes.join(', ')
}

function areUnique(all: readonly Model<ListedFile>[]): boolean {
  return new Set(all.map(({ tag }) => tag)).size === all.length
}
