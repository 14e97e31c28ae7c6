import { type BundledFile, type HubFileName, manifestName, parseManifest } from '../bundle/manifest.js'
import { type Choice, choose, type ListedFile } from '../names/choose.js'
import { formatHubName, type HubName } from '../names/hub-name.js'

/** What a name stands for in a repository. */
export interface Plan<File extends ListedFile> {
  readonly target: Choice<File>
  /** Of a bundle: files of the same repository, or a name on the Hub. */
  readonly draft: Choice<File> | HubFileName | undefined
}

/** The file that makes a repository a bundle, if this name is to be read as one: a path asks for that file alone. */
export function manifestFor<File extends ListedFile>(files: readonly File[], name: HubName): File | undefined {
  return name.path === undefined ? files.find(({ path }) => path === manifestName) : undefined
}

/**
 * What a name stands for. A repository with a `foretoken.json` is a bundle: its draft comes along, whichever of its
 * targets is asked for.
 *
 * @param manifest The text of its `foretoken.json`.
 * @param check Looks whether a file is what the bundle says of it.
 * @throws As `choose`; `model-file` for a bundle that cannot be used.
 */
export function planFor<File extends ListedFile>(
  files: readonly File[],
  name: HubName,
  manifest: string | undefined,
  check: (file: File, entry: BundledFile) => void = () => {},
): Plan<File> {
  if (manifest === undefined) return { target: choose(files, name), draft: undefined }
  const { repo, revision, tag } = name
  const { target, draft } = parseManifest(manifest, formatHubName({ repo, revision, path: manifestName }))
  const ofBundle = (entry: BundledFile): Choice<File> => {
    const choice = choose(files, { repo, revision, path: entry.file })
    check(
      choice.files.find(({ path }) => path === entry.file)!,
      entry,
    )
    return choice
  }
  const chosenDraft = 'hub' in draft ? draft : ofBundle(draft)
  if (tag === undefined) return { target: ofBundle(target), draft: chosenDraft }
  return { target: choose(files, name, new Set('main' in chosenDraft ? [chosenDraft.main] : [])), draft: chosenDraft }
}
