import { readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { draftNamedIn } from './bundle/gguf-draft.js'
import { manifestName } from './bundle/manifest.js'
import { openBundle } from './bundle/open.js'
import { cachedSnapshot } from './cache/cached.js'
import { becomeFile, sizeOf } from './cache/place.js'
import { externalData } from './names/choose.js'
import { formatHubName, type HubName, mustBeHubName, parseHubName } from './names/hub-name.js'
import { manifestFor, planFor } from './pull/plan.js'
import { pull, type PullOptions } from './pull/pull.js'
import { type HubSettings, hubSettings } from './settings.js'

/** A model that is here. */
export interface ResolvedModel {
  /** The path of the file to load, or what was given, where that is neither a bundle nor a name. */
  readonly target: string
  /** The path of the draft that comes with it. */
  readonly draft?: string
}

/**
 * What to load for what a user has typed: a bundle (its folder, or the `foretoken.json` in it), a name on the Hub, or a
 * path. What is here is taken as it is, without asking the Hub; what is not is downloaded. Paths go before names.
 *
 * ```ts
 * const { target, draft } = await resolveModel('owner/repo:Q4_K_M')
 * ```
 *
 * @throws As `pull`; `model-file` for a bundle that cannot be used.
 */
export async function resolveModel(text: string, options: PullOptions = {}): Promise<ResolvedModel> {
  const there = await stat(text).catch(() => undefined)
  if (there) {
    const isBundle = there.isDirectory()
      ? await stat(join(text, manifestName)).then(Boolean, () => false)
      : basename(text) === manifestName
    return isBundle ? resolveBundle(text, options) : { target: text, ...(await draftOf(text, options)) }
  }
  const name = parseHubName(text, hubSettings(options).endpoint)
  if (!name) return { target: text }
  return resolveName(name, text, options)
}

async function resolveName(name: HubName, typed: string, options: PullOptions): Promise<ResolvedModel> {
  const settings = hubSettings(options)
  const cached = await fromCache(settings, name)
  if (cached) return cached
  const formatted = formatHubName(name)
  if (settings.offline) {
    throw new ForetokenError(
      'model-file',
      `${typed} is neither a file nor in the cache (${settings.cache}), and HF_HUB_OFFLINE is set. Unset it and run: ` +
        `foretoken pull ${formatted}`,
    )
  }
  const { target, draft } = await pull(formatted, options).catch((error: unknown) => {
    // It may have been meant as a path.
    if (!ForetokenError.is(error, 'model-file') || typed.includes('://')) throw error
    throw new ForetokenError(error.code, `There is nothing at ${typed} here, and ${error.message}`, { cause: error })
  })
  return { target, ...(draft !== undefined && { draft }) }
}

async function resolveBundle(path: string, options: PullOptions): Promise<ResolvedModel> {
  const { target, draft } = await openBundle(path)
  if ('path' in draft) return { target, draft: draft.path }
  const found = await resolveName(mustBeHubName(draft.hub, options.endpoint), draft.hub, options)
  return { target, draft: found.target }
}

/** The draft that a GGUF file names, if it is here. */
async function draftOf(path: string, options: PullOptions): Promise<Pick<ResolvedModel, 'draft'>> {
  const named = path.endsWith('.gguf') ? await draftNamedIn(path) : undefined
  if (!named) return {}
  if ('file' in named) {
    const draft = join(dirname(path), named.file)
    return (await sizeOf(draft)) === undefined ? {} : { draft }
  }
  const settings = hubSettings(options)
  const found = await fromCache(settings, mustBeHubName(named.hub, settings.endpoint))
  if (!found) options.onNotice?.(`${path} names a draft, which is not here: foretoken pull ${named.hub}`)
  return found ? { draft: found.target } : {}
}

/**
 * What the cache has for a name.
 *
 * @returns `undefined` when anything is missing.
 * @throws `invalid-argument` when there are several.
 */
export async function fromCache(settings: HubSettings, name: HubName): Promise<ResolvedModel | undefined> {
  const snapshot = await cachedSnapshot(settings.cache, name.repo, name.revision)
  if (!snapshot) return undefined
  const { files, folder } = snapshot
  try {
    const text = manifestFor(files, name) && (await readFile(join(folder, manifestName), 'utf8'))
    const { target, draft } = planFor(files, name, text)
    const found = { target: join(folder, target.main) }
    const choices = draft && 'main' in draft ? [target, draft] : [target]
    // Another tool may have brought them.
    for (const path of choices.flatMap(externalData)) await becomeFile(join(folder, path))
    if (!draft) return { ...found, ...(await draftOf(found.target, settings)) }
    if ('main' in draft) return { ...found, draft: join(folder, draft.main) }
    const other = await fromCache(settings, mustBeHubName(draft.hub, settings.endpoint))
    return other && { ...found, draft: other.target }
  } catch (error) {
    if (ForetokenError.is(error, 'model-file')) return undefined
    throw error
  }
}
