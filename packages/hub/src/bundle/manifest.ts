import { ForetokenError } from '@foretoken/core'
import { mustBeHubName } from '../names/hub-name.js'
import { isSafePath } from '../names/safe-path.js'

/** The name of the file that makes a folder a bundle. */
export const manifestName = 'foretoken.json'

/** What may be known of a file without looking into it: of the first part, where it has several. */
export interface FileFacts {
  readonly bytes?: number
  /** In lower-case hexadecimal digits. */
  readonly sha256?: string
}

/** A file of the bundle, by its path in it. */
export interface BundledFile extends FileFacts {
  readonly file: string
}

/** A file on the Hub, by its name there. */
export interface HubFileName extends FileFacts {
  readonly hub: string
}

/** A target and its draft, published together: `foretoken.json`, version 1. See docs/bundle.md. */
export interface BundleManifest {
  readonly format: 'foretoken-bundle'
  readonly version: 1
  readonly target: BundledFile
  readonly draft: BundledFile | HubFileName
}

/**
 * Reads `foretoken.json`. What it does not know it leaves out.
 *
 * @param where Its path, for the errors.
 * @throws `model-file` when it is none, of another version, or names files outside its folder.
 */
export function parseManifest(text: string, where: string): BundleManifest {
  const refuse = (what: string): ForetokenError =>
    new ForetokenError(
      'model-file',
      `${where} is no bundle that can be used: ${what}. docs/bundle.md tells the format.`,
    )
  const json = parsed(text, refuse)
  if (json.format !== 'foretoken-bundle') throw refuse('its "format" is not "foretoken-bundle"')
  if (json.version !== 1) {
    throw refuse(`its "version" is ${JSON.stringify(json.version)}, and 1 is known here: a newer foretoken may know it`)
  }
  const target = parseEntry(json.target, 'target', refuse)
  if ('hub' in target) throw refuse('its "target" must have a "file", which lies beside it')
  return { format: json.format, version: 1, target, draft: parseEntry(json.draft, 'draft', refuse) }
}

type Json = Readonly<Record<string, unknown>>
type Refuse = (what: string) => Error

function parsed(text: string, refuse: Refuse): Json {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch (cause) {
    throw refuse(`it is no JSON (${(cause as Error).message})`)
  }
  throw refuse('it is no JSON object')
}

/** @throws What `refuse` makes of what is wrong with it. */
export function parseEntry(value: unknown, key: string, refuse: Refuse): BundledFile | HubFileName {
  if (!isObject(value)) throw refuse(`it has no "${key}"`)
  const { file, hub, bytes, sha256 } = value
  if (bytes !== undefined && !(Number.isSafeInteger(bytes) && (bytes as number) >= 0)) {
    throw refuse(`the "bytes" of its "${key}" are no number of bytes`)
  }
  if (sha256 !== undefined && !(typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256))) {
    throw refuse(`the "sha256" of its "${key}" is not 64 lower-case hexadecimal digits`)
  }
  const facts = { ...(bytes !== undefined && { bytes: bytes as number }), ...(sha256 !== undefined && { sha256 }) }
  if ((file === undefined) === (hub === undefined)) throw refuse(`its "${key}" must have either "file" or "hub"`)
  if (hub !== undefined) {
    if (typeof hub !== 'string') throw refuse(`the "hub" of its "${key}" is no text`)
    try {
      mustBeHubName(hub)
    } catch (cause) {
      throw refuse(`the "hub" of its "${key}" is no name: ${(cause as Error).message.replace(/\.$/, '')}`)
    }
    return { hub, ...facts }
  }
  if (typeof file !== 'string' || !isSafePath(file)) {
    throw refuse(`the "file" of its "${key}" is ${JSON.stringify(file)}, which does not lie in its folder`)
  }
  if (!/\.(gguf|onnx)$/.test(file)) throw refuse(`the "file" of its "${key}" is ${file}: name a .gguf or an .onnx file`)
  return { file, ...facts }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
