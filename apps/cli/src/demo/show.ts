import type { GenerateEvent } from '@foretoken/core'
import type { Heat } from '../measure/contest.js'
import { tokensPerSecond } from '../measure/decode.js'
import { findFork } from '../measure/fork.js'
import { number, times } from '../terminal/format.js'
import { Region } from '../terminal/region.js'
import { isLive, paintFor, printLine, type Terminal } from '../terminal/terminal.js'
import { panel, type Piece } from './panel.js'

/** Shows pairs of runs as they happen. */
export interface Show {
  begin(heading: string, prompt: string): void
  /** @param side 0: plain, 1: speculative. */
  event(side: number, event: GenerateEvent, soFar: { tokens: number; ms: number }): void
  end(heat: Heat): void
}

/** Side by side on a terminal; a line for each pair elsewhere. */
export function createShow(terminal: Terminal): Show {
  return isLive(terminal, 'err') && columnsOf(terminal) >= 50 ? liveShow(terminal) : lineShow(terminal)
}

/** Some terminals that are no windows have no columns at all. */
function columnsOf(terminal: Terminal): number {
  return terminal.err.columns || 80
}

function lineShow(terminal: Terminal): Show {
  let heading = ''
  return {
    begin: (text) => (heading = text),
    event: () => {},
    end({ runs: [plain, speculative] }) {
      if (!plain || !speculative) return
      const [a, b] = [tokensPerSecond([plain]), tokensPerSecond([speculative])]
      const same = findFork(plain.result.tokens, speculative.result.tokens) ? 'texts fork' : 'same text'
      printLine(
        terminal.err,
        `${heading}: plain ${number(a)} tok/s, speculative ${number(b)} tok/s, ${times(b / a)}, ${same}`,
      )
    },
  }
}

function liveShow(terminal: Terminal): Show {
  const paint = paintFor(terminal, 'err')
  const region = new Region(terminal.err)
  const titles = ['plain', 'speculative'] as const
  let heading = ''
  let sides: { pieces: Piece[]; tokensPerSecond: number }[] = []
  const lines = (): string[] => {
    const size = { columns: Math.min(columnsOf(terminal), 120), rows: 9 }
    const [left, right] = titles.map((title, i) => ({ title, ...sides[i]! }))
    return panel(heading, [left!, right!], size, paint)
  }
  return {
    begin(text, prompt) {
      heading = `${paint.dim(text)}   ${paint.green('green')}${paint.dim(': drafted and accepted')}`
      // The end of the prompt leads in.
      const lead = prompt.split('\n').slice(-3).join('\n')
      sides = titles.map(() => ({ pieces: [{ text: lead, origin: 'prompt' as const }], tokensPerSecond: NaN }))
      region.draw(lines())
    },
    event(side, event, soFar) {
      const state = sides[side]!
      if (event.type === 'token') state.pieces.push({ text: event.text, origin: event.origin })
      if (soFar.tokens > 0) state.tokensPerSecond = tokensPerSecond([soFar])
      region.draw(lines())
    },
    end() {
      region.finish([...lines(), ''])
    },
  }
}
