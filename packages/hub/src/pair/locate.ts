import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { type GgufMetadata, parseGgufMetadata, readGgufMetadata } from '@foretoken/gguf'
import { draftNamedIn } from '../bundle/gguf-draft.js'
import { manifestName } from '../bundle/manifest.js'
import { openBundle } from '../bundle/open.js'
import { formatHubName, type HubName, parseHubName } from '../names/hub-name.js'
import { type Context, freeBytes, type Patience } from '../pull/context.js'
import { type HubFile, type Listing, listRepo } from '../pull/listing.js'
import { manifestFor, planFor } from '../pull/plan.js'
import type { PullOptions } from '../pull/pull.js'
import { request } from '../pull/request.js'
import { fromCache } from '../resolve.js'
import { hubSettings } from '../settings.js'
import { RemoteHead } from './remote-head.js'

/** A look is soon repeated, and often one of several: shorter than for a download. */
const brief: Patience = { pauses: [1000, 2000], silence: 15_000 }

/** A GGUF model that can be looked into, without its weights if it is not here. */
export interface LocatedModel {
  /** What to type for it: its path, or its name on the Hub. */
  readonly name: string
  /** The path of its file (of one in parts, the first), or an `hf://` name of it. */
  readonly path: string
  /** Whether it is on this machine. */
  readonly here: boolean
  /** The draft that it comes with: a path or a name. */
  readonly draft?: string
  /** Of what is not here: the start of the file, or of another part of the model, by its `hf://` name. */
  readonly open?: (path: string) => Promise<RemoteHead>
  /** What the file says of itself. @throws `model-file` when it cannot be read or is no GGUF. */
  metadata(): Promise<GgufMetadata>
}

/**
 * Finds a model for a look into its head: a GGUF file, a bundle, or a name on the Hub. Nothing is downloaded; of what is
 * not on this machine, only the head is read when it is asked for.
 *
 * @throws `model-file` for what is neither here nor on the Hub, or no GGUF; `invalid-argument` where one must be chosen;
 * `runtime` when the Hub cannot be reached.
 */
export async function locateModel(text: string, options: PullOptions = {}): Promise<LocatedModel> {
  const there = await stat(text).catch(() => undefined)
  if (there?.isDirectory() || (there && basename(text) === manifestName)) {
    const { target, draft } = await openBundle(text)
    return here(text, target, 'path' in draft ? draft.path : draft.hub)
  }
  const { onNotice, signal, onProgress: _, ...given } = options
  const settings = hubSettings(given)
  const name = there ? undefined : parseHubName(text, settings.endpoint)
  if (!name) {
    const named = text.endsWith('.gguf') ? await draftNamedIn(text) : undefined
    return here(text, text, named && ('hub' in named ? named.hub : join(text, '..', named.file)))
  }
  const cached = await fromCache(settings, name)
  if (cached) return here(formatHubName(name), cached.target, cached.draft)
  if (settings.offline) {
    throw new ForetokenError(
      'model-file',
      `${text} is neither a file nor in the cache (${settings.cache}), and HF_HUB_OFFLINE is set. Unset it, or pass a file.`,
    )
  }
  const say = onNotice ?? (() => {})
  return onHub({ settings, signal, say, report: () => {}, patience: brief, freeBytes }, name)
}

function here(name: string, path: string, draft: string | undefined): LocatedModel {
  mustBeGguf(name, path)
  return { name, path, here: true, ...(draft !== undefined && { draft }), metadata: () => readGgufMetadata(path) }
}

/** What {@link locateModel} does for a name that is not in the cache. */
export async function onHub(context: Context, name: HubName): Promise<LocatedModel> {
  const listing = await listRepo(context, name.repo, name.revision)
  const manifest = manifestFor(listing.files, name)
  const { target, draft } = planFor(listing.files, name, manifest && (await textOf(context, listing, manifest)))
  mustBeGguf(formatHubName(name), target.main)
  const path = (file: string): string => formatHubName({ repo: name.repo, revision: name.revision, path: file })
  const heads = new Map<string, RemoteHead>()
  for (const file of target.files) {
    const address = addressOf(context, listing, file)
    heads.set(path(file.path), new RemoteHead(context, { name: path(file.path), address, size: file.size }))
  }
  const main = path(target.main)
  const named = draft && ('main' in draft ? path(draft.main) : draft.hub)
  return {
    name: formatHubName(name),
    path: main,
    here: false,
    ...(named !== undefined && { draft: named }),
    async open(part) {
      const head = heads.get(part)
      if (head) return head
      throw new ForetokenError('model-file', `There is no ${part} on the Hub: a part of ${main} is missing.`)
    },
    metadata: () => metadataOf(heads.get(main)!, main),
  }
}

/** Reads as much of the head as the metadata takes, unless it is here already. */
async function metadataOf(head: RemoteHead, name: string): Promise<GgufMetadata> {
  for (;;) {
    const metadata = parsed(head, name)
    if (metadata) return metadata
    if (head.start.length === head.size) {
      throw new ForetokenError(
        'model-file',
        `${name} is truncated: it ends in its header. Ask its author for a whole one.`,
      )
    }
    await head.read(head.start.length, 1)
  }
}

function parsed(head: RemoteHead, name: string): GgufMetadata | undefined {
  try {
    return parseGgufMetadata(head.start)
  } catch (error) {
    throw new ForetokenError('model-file', `Cannot use ${name} as a model: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function addressOf({ settings }: Context, { repo, commit }: Listing, { path }: HubFile): string {
  return `${settings.endpoint}/${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`
}

async function textOf(context: Context, listing: Listing, file: HubFile): Promise<string> {
  const { response, close } = await request(context, addressOf(context, listing, file))
  try {
    return await response.text()
  } finally {
    close()
  }
}

function mustBeGguf(name: string, path: string): void {
  if (!path.endsWith('.onnx')) return
  throw new ForetokenError('model-file', `${name} is a model in ONNX. Pairs are looked for among GGUF files: pass one.`)
}
