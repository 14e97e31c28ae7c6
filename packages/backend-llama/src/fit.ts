import { ForetokenError } from '@foretoken/core'
import { estimateMemory, formatBytes } from './memory.js'
import type { CacheType, Estimable, MemoryEstimate } from './memory.js'

/** What a model may use, in bytes. */
export interface Room {
  /** Main memory. */
  readonly memory: number
  /** Memory of the GPU; 0 without one. */
  readonly video: number
  /** Whether both are the same memory (Apple silicon). */
  readonly unified: boolean
}

/** How a model is put into the memory that there is. */
export interface Fit {
  readonly contextSize: number
  /** How many layers go to the GPU. */
  readonly gpuLayers: number
  readonly memory: MemoryEstimate
}

export interface FitRequest {
  readonly sequences: number
  readonly cacheType: CacheType
  /** In tokens for each sequence; `undefined`: the largest up to `defaultContext` that fits. */
  readonly contextSize: number | undefined
  readonly defaultContext: number
}

/** Contexts below this are of no use; a smaller default is not tried. */
const smallestDefault = 1024
/** Left to everything else on the machine, and for the error of the estimate. */
const margin = 0.95

/**
 * Fits a model into the memory that is free. Weights count in full although they are mapped from the file: a model whose
 * weights do not stay in memory is read from disk in every pass.
 *
 * @throws `out-of-memory` with figures when it cannot fit.
 */
export function fitModel(model: Estimable & { readonly path: string }, request: FitRequest, room: Room): Fit {
  const contexts =
    request.contextSize === undefined ? halvings(request.defaultContext, smallestDefault) : [request.contextSize]
  for (const contextSize of contexts) {
    const memory = estimateMemory(model, { ...request, contextSize })
    const gpuLayers = layersOnGpu(model.shape.layers, memory, room)
    if (gpuLayers !== undefined) return { contextSize, gpuLayers, memory }
  }
  const smallest = contexts.at(-1) as number
  throw doesNotFit(model.path, estimateMemory(model, { ...request, contextSize: smallest }), smallest, request, room)
}

/** How many layers the GPU holds; `undefined` when GPU and main memory together do not hold the model. */
export function layersOnGpu(layers: number, need: MemoryEstimate, room: Room): number | undefined {
  const memory = room.memory * margin
  if (room.video === 0) return need.total <= memory ? 0 : undefined
  // llama.cpp counts the output layer as one more.
  const all = layers + 1
  if (need.total <= room.video * margin && (!room.unified || need.total <= memory)) return all
  if (room.unified) return need.total <= memory ? 0 : undefined
  const perLayer = (need.weights + need.cache) / all
  const onGpu = Math.max(0, Math.min(all, Math.floor((room.video * margin - need.buffers) / perLayer)))
  return need.total - onGpu * perLayer <= memory ? onGpu : undefined
}

function halvings(from: number, to: number): number[] {
  const sizes = [from]
  for (let size = from / 2; size >= to; size /= 2) sizes.push(Math.floor(size))
  return sizes
}

function doesNotFit(
  path: string,
  need: MemoryEstimate,
  contextSize: number,
  request: FitRequest,
  room: Room,
): ForetokenError {
  const sequences = request.sequences === 1 ? '' : ` on each of ${request.sequences} sequences`
  const free =
    room.video > 0 && !room.unified
      ? `${formatBytes(room.memory)} of main memory and ${formatBytes(room.video)} on the GPU are free`
      : `${formatBytes(room.memory)} is free`
  const advice =
    need.weights > (room.memory + (room.unified ? 0 : room.video)) * margin
      ? 'Use a smaller quantisation of the model (Q4 takes about a quarter of F16), or a smaller model.'
      : "Use a smaller contextSize, fewer sequences or cacheType 'q8_0'."
  return new ForetokenError(
    'out-of-memory',
    `${path} needs ${formatBytes(need.total)}: weights ${formatBytes(need.weights)}, ` +
      `cache for ${contextSize} tokens${sequences} ${formatBytes(need.cache)}, buffers ${formatBytes(need.buffers)}. ` +
      `But ${free}. ${advice}`,
  )
}
