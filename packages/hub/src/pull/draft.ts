import { posix } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { draftNamedIn } from '../bundle/gguf-draft.js'
import type { FileFacts, HubFileName } from '../bundle/manifest.js'
import { choose } from '../names/choose.js'
import { formatHubName, type HubName, mustBeHubName } from '../names/hub-name.js'
import type { Context } from './context.js'
import { fetchChoices, noteRef } from './fetch-choices.js'
import { type HubFile, listRepo, type Listing } from './listing.js'

export interface PulledDraft {
  readonly path: string
  readonly files: readonly string[]
}

/** A bundle's draft that is a model of its own. Whether that has a draft, too, does not matter here. */
export async function pullDraft(context: Context, draft: HubFileName, bundle: HubName): Promise<PulledDraft> {
  const name = mustBeHubName(draft.hub, context.settings.endpoint)
  const listing = await listRepo(context, name.repo, name.revision)
  const choice = choose(listing.files, name)
  mustBe(fileAt(choice.files, choice.main), draft, bundle)
  const paths = await fetchChoices(context, listing, [choice])
  await noteRef(context.settings, name, listing)
  return { path: paths.get(choice.main)!, files: [...paths.values()] }
}

/**
 * The draft that a target names in its metadata. The target may be a copy from elsewhere: it goes without, if need be.
 *
 * @param main Its path in the repository.
 * @param path Where it is.
 */
export async function pullNamedDraft(
  context: Context,
  listing: Listing,
  main: string,
  path: string,
): Promise<PulledDraft | undefined> {
  const draft = main.endsWith('.gguf') ? await draftNamedIn(path) : undefined
  if (!draft) return undefined
  const bundle: HubName = { repo: listing.repo, revision: listing.commit, path: main }
  try {
    if ('hub' in draft) return await pullDraft(context, draft, bundle)
    const choice = choose(listing.files, { ...bundle, path: posix.join(posix.dirname(main), draft.file) })
    mustBe(fileAt(choice.files, choice.main), draft, bundle)
    const paths = await fetchChoices(context, listing, [choice])
    return { path: paths.get(choice.main)!, files: [...paths.values()] }
  } catch (error) {
    if (!ForetokenError.is(error, 'model-file')) throw error
    context.say(`${main} names a draft that cannot be had, and goes without: ${error.message}`)
    return undefined
  }
}

/** @throws `model-file` when a file is not the one that the bundle was made with. */
export function mustBe(file: HubFile, { bytes, sha256 }: FileFacts, bundle: HubName): void {
  const known = sha256 !== undefined && file.etag.length === 64
  if (known ? file.etag === sha256 : bytes === undefined || bytes === file.size) return
  throw new ForetokenError(
    'model-file',
    `The bundle ${formatHubName(bundle)} was made with another ${file.path} than the one that is there now. ` +
      'Tell its author, or ask for the target by its path.',
  )
}

function fileAt(files: readonly HubFile[], path: string): HubFile {
  return files.find((file) => file.path === path)!
}
