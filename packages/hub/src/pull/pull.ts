import { mkdir, readFile } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'
import { formatHubName, type HubName, mustBeHubName } from '../names/hub-name.js'
import { type HubSettings, hubSettings } from '../settings.js'
import { Changed } from './changed.js'
import { type Context, freeBytes, type PullProgress, usualPatience } from './context.js'
import { diskFailure } from './disk.js'
import { mustBe, pullDraft, pullNamedDraft } from './draft.js'
import { fetchChoices, noteRef } from './fetch-choices.js'
import { fetchFile } from './fetch-file.js'
import { listRepo } from './listing.js'
import { manifestFor, planFor } from './plan.js'

/** Settings that are left out are those of the environment. */
export interface PullOptions extends Partial<HubSettings> {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: PullProgress) => void) | undefined
  /** Is told what goes on besides: what was chosen, what is tried again, whom we wait for. */
  readonly onNotice?: ((notice: string) => void) | undefined
}

/** A model in the cache. */
export interface Pulled {
  /** What to pull to have the same again. */
  readonly name: string
  readonly repo: string
  readonly commit: string
  /** The path of the file to load. */
  readonly target: string
  /** Of a bundle: the path of its draft. */
  readonly draft?: string
  /** Paths of all that belongs to it. */
  readonly files: readonly string[]
}

/**
 * Downloads a model into the cache of the Hub's tools, unless it is there: `owner/repo`, `owner/repo:Q4_K_M`,
 * `hf://owner/repo@revision/file.gguf`, or an address of the Hub. Of a bundle the draft comes along.
 *
 * What is cut off is gone on from, now or at the next call. Every file is checked against the Hub's checksum.
 *
 * ```ts
 * const { target, draft } = await pull('owner/repo:Q4_K_M')
 * ```
 *
 * @throws `invalid-argument` for what is no name, or where one must be chosen; `model-file` when the Hub has it not or
 * does not give it, or what comes is damaged; `runtime` when the network or the disk fails, or offline; the signal's
 * reason, after which the next call goes on.
 */
export function pull(name: string, options: PullOptions = {}): Promise<Pulled> {
  const { signal, onProgress, onNotice, ...given } = options
  const settings = hubSettings(given)
  const [say, report] = [onNotice ?? (() => {}), onProgress ?? (() => {})]
  const context = { settings, signal, say, report, patience: usualPatience, freeBytes }
  return pullWith(context, mustBeHubName(name, settings.endpoint))
}

/** As {@link pull}. */
export async function pullWith(context: Context, name: HubName): Promise<Pulled> {
  const { settings, signal, say } = context
  signal?.throwIfAborted()
  if (settings.offline) {
    const formatted = formatHubName(name)
    throw new ForetokenError(
      'runtime',
      `${formatted} cannot be downloaded: HF_HUB_OFFLINE is set. Unset it, and run: foretoken pull ${formatted}`,
    )
  }
  await mkdir(settings.cache, { recursive: true }).catch((error: unknown) => {
    throw diskFailure(error, settings.cache, 0)
  })
  for (let again = false; ; again = true) {
    try {
      return await pullOnce(context, name)
    } catch (error) {
      if (!(error instanceof Changed)) throw error
      if (again) {
        const message = `${error.message}, twice. Try again later, or from another mirror (HF_ENDPOINT).`
        throw new ForetokenError('runtime', message, { cause: error })
      }
      say(`${error.message}; asking again what it has`)
    }
  }
}

async function pullOnce(context: Context, name: HubName): Promise<Pulled> {
  const listing = await listRepo(context, name.repo, name.revision)
  const manifest = manifestFor(listing.files, name)
  const text = manifest && (await readFile(await fetchFile(context, listing, manifest, () => {}), 'utf8'))
  const { target, draft } = planFor(listing.files, name, text, (file, entry) => mustBe(file, entry, name))
  if (text === undefined && name.path === undefined && name.tag === undefined && target.others.length > 0) {
    const others = target.others.join(', ')
    context.say(
      `${name.repo}: ${target.tag}; it also has ${others}: ask for one as in ${name.repo}:${target.others[0]}`,
    )
  }
  const other = draft && 'hub' in draft ? await pullDraft(context, draft, name) : undefined
  const bundled = draft && 'main' in draft ? draft : undefined
  const paths = await fetchChoices(context, listing, bundled ? [bundled, target] : [target])
  await noteRef(context.settings, name, listing)
  const named = draft ? undefined : await pullNamedDraft(context, listing, target.main, paths.get(target.main)!)
  const found = other ?? named
  const draftPath = bundled ? paths.get(bundled.main) : found?.path
  return {
    name: formatHubName(name),
    repo: name.repo,
    commit: listing.commit,
    target: paths.get(target.main)!,
    ...(draftPath !== undefined && { draft: draftPath }),
    files: [...paths.values(), ...(found?.files ?? [])],
  }
}
