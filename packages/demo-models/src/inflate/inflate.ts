import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { resolve } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import { type GgufFile, layOut, readGguf, readTensor, type WritableType, writeGguf } from '@foretoken/gguf'
import { Filler } from './filler.js'
import { type Geometry, geometryOf, llamaTensors, tensorOf } from './geometry.js'
import { type InflationParameters, isLabelled, labelled } from './label.js'
import { createFile } from './new-file.js'
import { placementOf } from './placement.js'
import { isExact, render } from './render.js'
import { checkType, inflatedGeometry, type Shape, type ShapeName, shapeOf, tensorTypeFor } from './shapes.js'

export interface InflateOptions {
  /** The small model: a GGUF file of the plain llama architecture, in F32, F16, Q8_0 or Q4_0. */
  readonly source: string
  /** Where the inflated model goes. Missing directories are made; a file that is there is replaced. */
  readonly destination: string
  /** A name, or sizes of your own. */
  readonly shape: ShapeName | Shape
  /** Type of the matrices. In `Q4_0` the embedding is `Q8_0`; norms are always `F32`. Default: `F16`. */
  readonly type?: WritableType
  /** What the filling is drawn from: the same seed gives the same file. An integer in `[0, 2^32)`. Default: 0. */
  readonly seed?: number
  /** Called after every few megabytes. */
  readonly onProgress?: ((progress: InflateProgress) => void) | undefined
  /** Ends the work soon; no file is left. */
  readonly signal?: AbortSignal | undefined
}

export interface InflateProgress {
  readonly bytesWritten: number
  readonly bytesTotal: number
  /** See {@link Inflated.exact}. */
  readonly exact: boolean
}

export interface Inflated {
  /** The file, as an absolute path. */
  readonly path: string
  readonly bytes: number
  /** Whether every weight of the small model came through unchanged, or some had to be rounded to another type. */
  readonly exact: boolean
  /** Whether the file was there already. */
  readonly reused: boolean
}

/**
 * Writes a model that computes what a small model computes, at the memory traffic of a large one. It shows how fast a
 * machine runs a model of that size, and how much speculative decoding helps there, without a large download. It says
 * nothing about quality: its words are the small model's (see {@link inflationNote}, which the file carries).
 *
 * Nothing is done when `destination` is already the file that these options give.
 *
 * @throws `model-file` when the source cannot be read or is no plain llama model, `invalid-argument` when the shape is
 * too small for it (the message names the dimension), `out-of-memory` when the disk is too full, or the signal's reason.
 */
export async function inflate(options: InflateOptions): Promise<Inflated> {
  const { type = 'F16', seed = 0, signal } = options
  checkType(type)
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new ForetokenError('invalid-argument', `The seed is ${seed}: it must be an integer from 0 to ${2 ** 32 - 1}`)
  }
  const shape = shapeOf(options.shape)
  const path = resolve(options.destination)
  if (path === resolve(options.source)) {
    throw new ForetokenError('invalid-argument', `The source and the destination are the same file: ${path}`)
  }
  signal?.throwIfAborted()

  const source = await readGguf(options.source)
  const small = geometryOf(source)
  const geometry = inflatedGeometry(small, shape, type)
  const parameters = { sourceHash: await hashOf(source.path), geometry, type, seed }
  const tensors = planTensors(source, small, geometry, type)
  const exact = tensors.every((tensor) => tensor.exact)
  const shapeName = typeof options.shape === 'string' ? options.shape : `${shape.hidden} x ${shape.layers}`
  const layout = layOut(labelled(source, small, parameters, shapeName, exact), tensors)
  const result = { path, bytes: layout.size, exact }
  if (await isUpToDate(path, layout.size, parameters)) return { ...result, reused: true }

  const filler = new Filler(seed)
  await createFile(path, layout.size, (handle) =>
    writeGguf(handle, layout, (tensor) => chunksOf(tensor, source, filler), {
      signal,
      onBytes: (bytesWritten) => options.onProgress?.({ bytesWritten, bytesTotal: layout.size, exact }),
    }),
  )
  return { ...result, reused: false }
}

type PlannedTensor = ReturnType<typeof planTensors>[number]

function planTensors(source: GgufFile, small: Geometry, large: Geometry, fileType: WritableType) {
  return llamaTensors(large).map((tensor) => {
    const placement = placementOf(tensor, small, large)
    const type = tensorTypeFor(tensor.role, fileType)
    const origin = placement.pieces.length > 0 ? tensorOf(source, tensor.name) : undefined
    return {
      name: tensor.name,
      type,
      // A norm is a vector, everything else a matrix.
      dimensions: tensor.role === 'norm' ? [tensor.columns] : [tensor.columns, tensor.rows],
      tensor,
      placement,
      origin,
      exact: origin === undefined || isExact(origin.type, type, placement.pieces),
    }
  })
}

async function* chunksOf(planned: PlannedTensor, source: GgufFile, filler: Filler): AsyncGenerator<Uint8Array> {
  const { tensor, type, placement, origin } = planned
  // One small tensor is in memory at a time: the source need not fit.
  const read = origin && { type: origin.type, columns: origin.dimensions[0]!, data: await readTensor(source, origin) }
  yield* render(tensor, type, placement, read, filler)
}

async function isUpToDate(path: string, size: number, parameters: InflationParameters): Promise<boolean> {
  try {
    const file = await readGguf(path)
    return file.size === size && isLabelled(file, parameters)
  } catch {
    // Missing, or something else: it is going to be replaced.
    return false
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  return hash.digest('hex')
}
