import {
  copyWithMetadata,
  type CopyOptions,
  type GgufMetadata,
  type GgufValue,
  numberOf,
  readGgufMetadata,
  textOf,
} from '@foretoken/gguf'
import { type BundledFile, type HubFileName, parseEntry } from './manifest.js'

/*
 * A draft that is named inside the target: keys of GGUF's metadata that say what the "draft" of foretoken.json says.
 * `file` is then beside the target, or deeper.
 */
const key = (name: string): string => `foretoken.draft.${name}`

/**
 * The draft that a GGUF file names.
 *
 * @returns `undefined` when it names none, cannot be read, or names something outside its folder.
 */
export async function draftNamedIn(path: string): Promise<BundledFile | HubFileName | undefined> {
  const metadata = await readGgufMetadata(path).catch(() => undefined)
  if (!metadata) return undefined
  const [file, hub, sha256] = ['file', 'hub', 'sha256'].map((name) => textOf(metadata, key(name)))
  if (file === undefined && hub === undefined) return undefined
  const entry = { file, hub, sha256, bytes: numberOf(metadata, key('bytes')) }
  try {
    return parseEntry(entry, 'draft', (what) => new Error(what))
  } catch {
    return undefined
  }
}

/**
 * Copies a target, so that it names its draft.
 *
 * @throws As `copyWithMetadata`.
 */
export function nameDraftIn(
  source: string,
  destination: string,
  draft: BundledFile | HubFileName,
  options: CopyOptions = {},
): Promise<void> {
  return copyWithMetadata(source, destination, metadataOf(draft), options)
}

function metadataOf(draft: BundledFile | HubFileName): GgufMetadata {
  const texts = { ...('hub' in draft ? { hub: draft.hub } : { file: draft.file }), sha256: draft.sha256 }
  const entries = Object.entries(texts).flatMap(([name, value]): [string, GgufValue][] =>
    value === undefined ? [] : [[key(name), { type: 'string', value }]],
  )
  if (draft.bytes !== undefined) entries.push([key('bytes'), { type: 'uint64', value: BigInt(draft.bytes) }])
  return new Map(entries)
}
