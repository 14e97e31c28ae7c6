import { isCommit, layoutOf } from '../cache/layout.js'
import { becomeFile, writeRef } from '../cache/place.js'
import { type Choice, externalData } from '../names/choose.js'
import type { HubName } from '../names/hub-name.js'
import type { HubSettings } from '../settings.js'
import type { Context } from './context.js'
import { mustHaveRoom } from './disk.js'
import { bytesHere, fetchFile } from './fetch-file.js'
import type { HubFile, Listing } from './listing.js'

/**
 * Sees to it that models of one repository are in the cache: of each what makes it whole, its `main`, at the end.
 *
 * @returns Where each file is, by its path in the repository.
 * @throws `runtime` when there is no room for them, and as `fetchFile`.
 */
export async function fetchChoices(
  context: Context,
  listing: Listing,
  choices: readonly Choice<HubFile>[],
): Promise<Map<string, string>> {
  const files = [...new Set(choices.flatMap((choice) => choice.files))]
  const here = new Map<HubFile, number>()
  for (const file of files) here.set(file, await bytesHere(context, listing, file))
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const bytes = (): number => [...here.values()].reduce((sum, each) => sum + each, 0)
  await mustHaveRoom(context.settings.cache, total - bytes(), context.freeBytes)
  const paths = new Map<string, string>()
  for (const file of files) {
    const path = await fetchFile(context, listing, file, (there) => {
      here.set(file, there)
      context.report({ file: file.path, bytes: bytes(), total })
    })
    paths.set(file.path, path)
  }
  for (const path of choices.flatMap(externalData)) await becomeFile(paths.get(path)!)
  return paths
}

/** To be called last: until all is there, who works offline stays with what was there before. */
export async function noteRef({ cache }: HubSettings, { repo, revision }: HubName, { commit }: Listing): Promise<void> {
  if (!isCommit(revision)) await writeRef(layoutOf(cache, repo).ref(revision), commit)
}
