import { readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { entryFields, graphFields, modelFields, tensorFields } from '../graph/onnx-fields.js'
import { fieldsOf } from '../protobuf/fields.js'
import { bad, checkWeights } from './files.js'

/** A graph above this size has its weights inside, and takes long to read. ONNX Runtime will look at it. */
const largest = 64 * 2 ** 20

/**
 * Checks that the files which hold a model's weights are there, whole and no pointers to them.
 *
 * @throws `model-file`
 */
export async function checkModelFiles(modelFile: string): Promise<void> {
  await checkWeights(modelFile, () => bad(modelFile, 'it is no file', 'Download it again.'))
  if ((await stat(modelFile)).size > largest) return
  const folder = dirname(modelFile)
  for (const [name, expected] of await externalFilesOf(modelFile)) {
    const path = join(folder, name)
    await checkWeights(path, () =>
      bad(modelFile, `its weights are in ${name}, which is not beside it`, `Download ${name} into ${folder}, too.`),
    )
    const { size } = await stat(path)
    if (size >= expected) continue
    throw bad(path, `it has ${size} bytes of the ${expected} that the model refers to`, 'Download it again.')
  }
}

/** The files that hold a model's weights, by the names it calls them, and how long they must be at the least. */
async function externalFilesOf(modelFile: string): Promise<Map<string, number>> {
  const model = await readFile(modelFile)
  const files = new Map<string, number>()
  try {
    for (const weight of inside(inside([model], modelFields.graph), graphFields.initializer)) {
      const place = new Map([...inside([weight], tensorFields.externalData)].map(entryOf))
      const file = place.get('location')
      if (file === undefined) continue
      const end = Number(place.get('offset') ?? 0) + Number(place.get('length') ?? 0)
      files.set(file, Math.max(end, files.get(file) ?? 0))
    }
  } catch (error) {
    throw new ForetokenError('model-file', `${modelFile}: ${(error as Error).message}`, { cause: error })
  }
  return files
}

/** The messages in a field of `messages`. */
function* inside(messages: Iterable<Uint8Array>, number: number): Generator<Uint8Array, void> {
  for (const message of messages) {
    for (const field of fieldsOf(message)) if (field.number === number) yield field.content
  }
}

function entryOf(entry: Uint8Array): [key: string, value: string] {
  const fields = new Map([...fieldsOf(entry)].map((field) => [field.number, field.text]))
  return [fields.get(entryFields.key) ?? '', fields.get(entryFields.value) ?? '']
}
