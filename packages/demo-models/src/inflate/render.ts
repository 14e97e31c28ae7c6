import { byteLength, decode, encode, formats, type TensorType, type WritableType } from '@foretoken/gguf'
import type { Filler } from './filler.js'
import type { LlamaTensor } from './geometry.js'
import type { Piece, Placement } from './placement.js'

/** The small model's tensor that goes into the one being rendered. */
export interface Origin {
  readonly type: TensorType
  readonly columns: number
  readonly data: Uint8Array
}

const chunkBytes = 1 << 22

/** Whether every piece arrives bit for bit: its blocks are copied, or its values are all representable. */
export function isExact(from: TensorType, to: WritableType, pieces: readonly Piece[]): boolean {
  return to === 'F32' || isCopy(from, to, pieces)
}

function isCopy(from: TensorType, to: WritableType, pieces: readonly Piece[]): boolean {
  const { block } = formats[to]
  return (
    from === to &&
    pieces.every((piece) => [piece.fromColumn, piece.toColumn, piece.columns].every((column) => column % block === 0))
  )
}

/**
 * The bytes of a large tensor, a few megabytes of whole rows at a time. Two buffers take turns, so a chunk stays as it is
 * until the next but one is asked for.
 */
export function* render(
  tensor: LlamaTensor,
  type: WritableType,
  placement: Placement,
  origin: Origin | undefined,
  filler: Filler,
): Generator<Uint8Array> {
  const { pieces, background } = placement
  const rowBytes = byteLength(type, tensor.columns)
  const rowsPerChunk = Math.min(tensor.rows, Math.max(1, Math.floor(chunkBytes / rowBytes)))
  const buffers = [new Uint8Array(rowsPerChunk * rowBytes), new Uint8Array(rowsPerChunk * rowBytes)]
  const write = origin && rowWriter(tensor, type, placement, origin)
  for (let first = 0, turn = 0; first < tensor.rows; first += rowsPerChunk, turn ^= 1) {
    const rows = Math.min(rowsPerChunk, tensor.rows - first)
    const chunk = buffers[turn]!.subarray(0, rows * rowBytes)
    filler.fill(chunk, type, background)
    if (write) {
      for (let row = first; row < first + rows; row++) {
        const here = pieces.filter((piece) => row >= piece.toRow && row < piece.toRow + piece.rows)
        if (here.length > 0) write(row, here, chunk.subarray((row - first) * rowBytes, (row - first + 1) * rowBytes))
      }
    }
    yield chunk
  }
}

type RowWriter = (row: number, pieces: readonly Piece[], bytes: Uint8Array) => void

function rowWriter(tensor: LlamaTensor, type: WritableType, placement: Placement, origin: Origin): RowWriter {
  const elementOf = (row: number, piece: Piece): number =>
    (piece.fromRow + row - piece.toRow) * origin.columns + piece.fromColumn

  if (placement.scale === 1 && isCopy(origin.type, type, placement.pieces)) {
    return (row, pieces, bytes) => {
      for (const piece of pieces) {
        const start = byteLength(type, elementOf(row, piece))
        bytes.set(
          origin.data.subarray(start, start + byteLength(type, piece.columns)),
          byteLength(type, piece.toColumn),
        )
      }
    }
  }

  const { block } = formats[type]
  const values = new Float32Array(tensor.columns)
  return (row, pieces, bytes) => {
    // Blocks that are only partly the small model's are zeros otherwise.
    values.fill(0)
    for (const piece of pieces) {
      const place = values.subarray(piece.toColumn, piece.toColumn + piece.columns)
      decode(origin.type, origin.data, elementOf(row, piece), place)
      if (placement.scale !== 1) for (let i = 0; i < place.length; i++) place[i] = place[i]! * placement.scale
    }
    for (const piece of pieces) {
      const from = Math.floor(piece.toColumn / block) * block
      const to = Math.ceil((piece.toColumn + piece.columns) / block) * block
      encode(type, values.subarray(from, to), bytes.subarray(byteLength(type, from), byteLength(type, to)))
    }
  }
}
