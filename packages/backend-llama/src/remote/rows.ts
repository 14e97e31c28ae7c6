import { closeSync, existsSync, openSync, readSync, unlinkSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ForetokenError } from '@foretoken/core'
import type { LogitsRows, Pass, TokenId } from '@foretoken/core'

/** Where rows of a sequence lie. */
export interface Region {
  /** In bytes. */
  readonly position: number
  /** How many rows it has room for. */
  readonly rows: number
}

/** Sizes that regions come in, in rows. */
const step = 16

/** A file without a name, in memory where there is such a place, that two processes have open: one writes rows of logits, the other reads those that it wants. */
export class RowsFile {
  readonly descriptor: number
  private readonly rowBytes: number
  private readonly free: Region[] = []
  private end = 0

  constructor(vocabSize: number) {
    this.rowBytes = 4 * vocabSize
    const folder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
    const path = join(folder, `foretoken-rows-${randomUUID()}`)
    this.descriptor = openSync(path, 'wx+', 0o600)
    unlinkSync(path)
  }

  /** @param region What the caller had until now. */
  reserve(rows: number, region: Region | undefined): Region {
    if (region && region.rows >= rows) return region
    if (region) this.free.push(region)
    const index = this.free.findIndex((other) => other.rows >= rows)
    if (index >= 0) return this.free.splice(index, 1)[0]!
    const size = Math.ceil(rows / step) * step
    const position = this.end
    this.end += size * this.rowBytes
    return { position, rows: size }
  }

  giveBack(region: Region | undefined): void {
    if (region) this.free.push(region)
  }

  read(position: number, row: number): Float32Array {
    const logits = new Float32Array(this.rowBytes / 4)
    readSync(this.descriptor, logits, 0, this.rowBytes, position + row * this.rowBytes)
    return logits
  }

  close(): void {
    closeSync(this.descriptor)
  }
}

/** Rows that lie in a file, of which most are never read. */
export class RemoteRows implements LogitsRows {
  readonly count: number
  declare readonly pass?: Pass
  private readonly file: RowsFile
  private readonly position: number
  private readonly best: Int32Array
  private readonly fresh: () => boolean
  private readonly seen: Float32Array[] = []

  /** @param fresh Whether the rows are still what they were. */
  constructor(file: RowsFile, position: number, best: Int32Array, pass: Pass | undefined, fresh: () => boolean) {
    this.file = file
    this.position = position
    this.best = best
    this.count = best.length
    this.fresh = fresh
    if (pass) this.pass = pass
  }

  argmax(row: number): TokenId {
    this.check(row)
    return this.best[row]!
  }

  row(row: number): Float32Array {
    this.check(row)
    return (this.seen[row] ??= this.file.read(this.position, row))
  }

  private check(row: number): void {
    if (!this.fresh()) {
      throw new ForetokenError(
        'stale-logits',
        'These logits were overwritten by a later pass of the sequence. Read them before the first await after forward().',
      )
    }
    if (row >= 0 && row < this.count) return
    throw new ForetokenError('invalid-argument', `There is no row ${row}: forward() gave ${this.count}.`)
  }
}
