import type { ResolvedModel } from '@foretoken/hub'
import { fetchWithProgress } from './fetch.js'
import { type ModelFiles, type FileFlags, modelFiles } from './files.js'
import type { Terminal } from '../terminal/terminal.js'

/**
 * The models of a command: those that the flags name (a file, a folder, a bundle, a name on the Hub), or the demo pair.
 * What is not on this machine is downloaded. The draft of a bundle is its draft, unless another is named.
 *
 * @throws As `modelFiles` and `resolveModel`.
 */
export async function findModels(flags: FileFlags, terminal: Terminal): Promise<ModelFiles> {
  const target = flags.model === undefined ? undefined : await findModel(flags.model, terminal)
  // Whoever names a draft wants that one, and whoever names the target alone wants what comes with it.
  const draft = flags.draft === undefined ? target?.draft : (await findModel(flags.draft, terminal)).target
  return modelFiles({
    ...flags,
    ...(target && { model: target.target }),
    ...(draft !== undefined && { draft }),
  })
}

/** One of them. */
export async function findModel(text: string, terminal: Terminal): Promise<ResolvedModel> {
  const { resolveModel } = await import('@foretoken/hub')
  return fetchWithProgress(text, terminal, (options) => resolveModel(text, options))
}
