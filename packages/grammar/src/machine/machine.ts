import { invalid } from '../invalid.js'
import { Frame, rebased } from './frames.js'
import { mostNodes, type Node, type Program } from './nodes.js'
import type { Position, State } from './state.js'

/** States that are remembered; after that all are forgotten, and what is asked for again is computed again. */
const remembered = 20_000
/** The same for the positions in them, which are what takes the memory where a grammar is ambiguous. */
const rememberedPositions = 500_000
/** A grammar that can be read in this many ways at once would fill the memory. */
const mostPositions = 5_000
/** Points that are looked at between two bytes: rules that call rules which may be empty multiply the ways. */
const mostVisited = 100_000

/**
 * Reads bytes along a language: a set of positions, each with a stack, computed as it is asked for and then remembered.
 * Nothing is prepared in advance, so that a large schema costs nothing until the text gets there.
 */
export class Machine {
  readonly program: Program
  readonly start: State
  private readonly ids = { next: 1 }
  private readonly bottom = Frame.bottom(this.ids)
  /** Stands for everything below a part of a stack that is looked at alone. */
  private readonly hole = Frame.bottom(this.ids)
  private readonly states = new Map<string, State>()
  private positions = 0

  private readonly most: number

  constructor(program: Program, most = remembered) {
    this.program = program
    this.most = most
    this.start = this.close([[program.root, this.bottom]])
  }

  /** @returns `null` when no text goes on so. */
  step(state: State, byte: number): State | null {
    const known = state.next[this.program.classOf[byte]!]
    return known === undefined ? this.look(state, this.program.classOf[byte]!) : known
  }

  /** {@link step} for a class of bytes that has not been looked at from here. */
  look(state: State, byteClass: number): State | null {
    const found: [Node, Frame][] = []
    for (const { node, stack } of state.positions) {
      for (const { low, high, to } of node.edges) if (byteClass >= low && byteClass <= high) found.push([to, stack])
    }
    return (state.next[byteClass] = found.length === 0 ? null : this.close(found))
  }

  /** The byte that must come next, or -1. */
  forced(state: State): number {
    if (state.only === undefined) {
      let only: number | undefined
      for (const { node } of state.positions) {
        for (const { low, high } of node.edges) only = low === high && (only ?? low) === low ? low : -1
        if (only === -1) break
      }
      const { classOf, example } = this.program
      // A class of several bytes leaves a choice.
      const single = only !== undefined && only >= 0 && classOf.indexOf(only) === classOf.lastIndexOf(only)
      state.only = single && !state.complete ? example[only!]! : -1
    }
    return state.only
  }

  /**
   * The state, by the rules that it is in: what each of them allows does not depend on what it was called for, until it
   * ends. `most`: how many bytes are going to be read.
   */
  parts(state: State, most: number): Part[] {
    const groups = new Map<Frame, Position[]>()
    for (const position of state.positions) {
      const base = position.stack.base
      const group = groups.get(base)
      if (group) group.push(position)
      else groups.set(base, [position])
    }
    return [...groups].map(([base, positions]) => ({
      inside: this.remember(
        positions.map(({ node, stack }) => ({ node, stack: rebased(stack, this.hole, most) })),
        false,
        false,
      ),
      base,
    }))
  }

  /** Where it goes on when the rule above `base` has ended. */
  after(base: Frame): State {
    return base.to ? this.close([[base.to, base.below!]]) : this.close([[end, base]])
  }

  /** All that can be reached without reading: the state is what then wants a byte. */
  private close(pending: [Node, Frame][]): State {
    const seen = new Set<number>()
    const positions: Position[] = []
    let complete = false
    let leaves = false
    const visit = (node: Node, stack: Frame) => {
      const key = stack.id * (mostNodes + 1) + node.id
      if (seen.has(key)) return
      seen.add(key)
      if (seen.size > mostVisited) throw tooAmbiguous(mostVisited)
      pending.push([node, stack])
    }
    for (const [node, stack] of pending.splice(0)) visit(node, stack)
    const turn = (loop: NonNullable<Node['loop']>, min: number, max: number, below: Frame) => {
      if (min === 0) visit(loop.exit, below)
      if (max > 0) visit(loop.body, below.inLoop(loop, min, max))
    }
    for (let next = pending.pop(); next; next = pending.pop()) {
      const [node, stack] = next
      if (node.edges.length > 0) positions.push({ node, stack })
      for (const other of node.also) visit(other, stack)
      // What is called last needs no return: lists do not pile up.
      for (const { rule, to } of node.calls) visit(this.program.rules.get(rule)!, to.end ? stack : stack.returnTo(to))
      if (node.loop) turn(node.loop, node.loop.min, node.loop.max, stack)
      if (!node.end) continue
      if (stack.loop) turn(stack.loop, Math.max(0, stack.min - 1), stack.max - 1, stack.below!)
      else if (stack.to) visit(stack.to, stack.below!)
      else if (stack === this.hole) leaves = true
      else complete = true
    }
    if (positions.length > mostPositions) throw tooAmbiguous(mostPositions)
    return this.remember(positions, complete, leaves)
  }

  private remember(positions: Position[], complete: boolean, leaves: boolean): State {
    positions.sort((a, b) => a.node.id - b.node.id || a.stack.id - b.stack.id)
    const key = `${complete ? '!' : ''}${leaves ? '^' : ''}${positions.map(({ node, stack }) => `${node.id}.${stack.id}`).join()}`
    let state = this.states.get(key)
    if (!state) {
      if (this.states.size >= this.most || this.positions >= rememberedPositions) this.forget()
      this.positions += positions.length
      const next: State['next'] = Array.from({ length: this.program.classes })
      state = { positions, complete, leaves, next, only: undefined }
      this.states.set(key, state)
    }
    return state
  }

  /** Gives the memory back. States that somebody holds go on working. */
  private forget(): void {
    for (const { next } of this.states.values()) next.fill(undefined)
    this.states.clear()
    this.positions = 0
    this.bottom.forget()
    this.hole.forget()
  }
}

function tooAmbiguous(ways: number): Error {
  return invalid(
    `The grammar can be read in more than ${ways} ways at this point. Make it less ambiguous: let alternatives differ ` +
      'in what they begin with.',
  )
}

export interface Part {
  /** Positions in one rule, as if nothing were below it. */
  readonly inside: State
  readonly base: Frame
}

const end: Node = { id: mostNodes, edges: [], also: [], calls: [], loop: undefined, end: true }
