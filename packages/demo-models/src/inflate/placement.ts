import type { Geometry, LlamaTensor } from './geometry.js'

/** A rectangle of a small tensor and where it lies in the large one. */
export interface Piece {
  readonly fromColumn: number
  readonly fromRow: number
  readonly toColumn: number
  readonly toRow: number
  readonly columns: number
  readonly rows: number
}

/** What fills a large tensor outside the pieces. */
export type Background = 'random' | 'zeros' | 'ones'

export interface Placement {
  readonly pieces: readonly Piece[]
  readonly background: Background
  /** What the values of the small tensor are multiplied by. */
  readonly scale: number
}

/**
 * How a tensor of the large model is made of the small model's tensor of the same name.
 *
 * The residual stream carries the small model's values in its first columns and exact zeros in all others. Whatever reads
 * the stream may be random beyond those columns, since zeros meet it there; whatever writes to it must be zero there, and
 * must be zero too for the heads and neurons that the small model has not. So everything costs its full price, and
 * nothing changes the result.
 */
export function placementOf(tensor: LlamaTensor, small: Geometry, large: Geometry): Placement {
  const { role, layer, rows } = tensor
  const added = layer !== undefined && layer >= small.layers
  const place = (background: Background, pieces: Partial<Piece>[]): Placement => ({
    background,
    pieces: added ? [] : pieces.map((piece) => ({ ...wholeTensor(role, small, rows), ...piece })),
    // The mean square over the wide stream is smaller in the ratio of the widths; epsilon shrinks alike (see label.ts).
    scale: role === 'norm' ? Math.sqrt(small.hidden / large.hidden) : 1,
  })
  switch (role) {
    case 'norm':
      return place(added ? 'ones' : 'zeros', [{}])
    case 'embedding':
    case 'output':
    case 'down':
      return place('zeros', [{}])
    case 'key':
    case 'value':
    case 'gate':
    case 'up':
      return place('random', [{}])
    case 'query':
      return place(
        'random',
        headSlots(small, large).map(({ from, to }) => ({ fromRow: from, toRow: to, rows: small.headSize })),
      )
    case 'attentionOutput':
      return place(
        'zeros',
        headSlots(small, large).map(({ from, to }) => ({ fromColumn: from, toColumn: to, columns: small.headSize })),
      )
  }
}

/** The small tensor, all of it, in the first rows and columns. */
function wholeTensor(role: LlamaTensor['role'], small: Geometry, vocabSize: number): Piece {
  const rows = {
    norm: 1,
    embedding: vocabSize,
    output: vocabSize,
    query: small.heads * small.headSize,
    key: small.kvHeads * small.headSize,
    value: small.kvHeads * small.headSize,
    attentionOutput: small.hidden,
    gate: small.feedForward,
    up: small.feedForward,
    down: small.hidden,
  }[role]
  const columns =
    { attentionOutput: small.heads * small.headSize, down: small.feedForward }[role as string] ?? small.hidden
  return { fromColumn: 0, fromRow: 0, toColumn: 0, toRow: 0, columns, rows }
}

/**
 * Where each query head starts, in the small model and in the large one. KV head j stays KV head j; the heads that read
 * it take the first places among those that read it in the large model.
 */
function headSlots(small: Geometry, large: Geometry): { from: number; to: number }[] {
  const group = small.heads / small.kvHeads
  const largeGroup = large.heads / large.kvHeads
  return Array.from({ length: small.heads }, (_, head) => ({
    from: head * small.headSize,
    to: (Math.floor(head / group) * largeGroup + (head % group)) * small.headSize,
  }))
}
