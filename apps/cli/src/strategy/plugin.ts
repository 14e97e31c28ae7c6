import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import * as core from '@foretoken/core'
import type { DraftStrategy } from '@foretoken/core'

const { ForetokenError } = core

/**
 * Loads a draft strategy from a file, TypeScript or JavaScript: its default export is the strategy, or a function that
 * returns one.
 *
 * @throws `strategy` when there is no such file, it does not run, or its default export is something else.
 */
export async function loadPlugin(file: string): Promise<DraftStrategy> {
  const path = resolve(file)
  if (!existsSync(path)) throw refused(file, 'there is no such file')
  let exported: unknown
  try {
    const { createJiti } = await import('jiti')
    const jiti = createJiti(pathToFileURL(path).href, {
      fsCache: false,
      interopDefault: false,
      // The plugin gets our own core, wherever it lies and whether or not it has one installed.
      virtualModules: { '@foretoken/core': core },
    })
    exported = ((await jiti.import(path)) as { default?: unknown }).default
    if (typeof exported === 'function') exported = await (exported as () => unknown)()
  } catch (cause) {
    throw refused(file, firstLine(cause), cause)
  }
  if (exported === undefined) throw refused(file, `it has no default export; ${wanted}`)
  if (!isStrategy(exported)) throw refused(file, `its default export has no name and open(); ${wanted}`)
  return exported
}

const wanted = 'export default a DraftStrategy, or a function that returns one'

function isStrategy(value: unknown): value is DraftStrategy {
  const candidate = value as Partial<DraftStrategy> | null
  return typeof candidate === 'object' && typeof candidate?.name === 'string' && typeof candidate.open === 'function'
}

function refused(file: string, why: string, cause?: unknown): Error {
  return new ForetokenError('strategy', `The plugin ${file} cannot be used: ${why}.`, { cause })
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return (message.split('\n')[0] ?? '').replace(/\.$/, '')
}
