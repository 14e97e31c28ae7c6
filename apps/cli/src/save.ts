import { writeFile } from 'node:fs/promises'
import { ForetokenError } from '@foretoken/core'

/** Writes a file that an option names. @throws `invalid-argument` */
export async function save(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    const why = (cause as Error).message
    throw new ForetokenError('invalid-argument', `${file} cannot be written: ${why}.`, { cause })
  }
}
