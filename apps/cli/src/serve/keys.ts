import { readFile } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'
import { parseKeys } from '@foretoken/server'

/**
 * The keys in the file, or else in FORETOKEN_API_KEYS.
 *
 * @throws `invalid-argument` when there are none where some should be: the server would be open to all.
 */
export async function readKeys(
  file: string | undefined,
  { FORETOKEN_API_KEYS: listed }: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  if (file !== undefined) return some(parseKeys(await read(file)), `The key file ${file}`)
  return listed ? some(parseKeys(listed), 'FORETOKEN_API_KEYS') : []
}

function some(keys: readonly string[], where: string): readonly string[] {
  if (keys.length > 0) return keys
  throw new ForetokenError('invalid-argument', `${where} has no key in it: write one, or leave it out.`)
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const message = `The key file ${file} cannot be read: ${(cause as Error).message}.`
    throw new ForetokenError('invalid-argument', message, { cause })
  }
}
