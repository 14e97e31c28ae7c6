import type { LlamaModel, SpreadMachine } from '@foretoken/backend-llama'
import { bytes, duration, number } from '../terminal/format.js'
import type { Paint } from '../terminal/paint.js'
import { table } from '../terminal/table.js'

/** What somebody wants to know of a model that is spread, before it starts: what is where, and how long the wires are. */
export function spreadLines({ spread, passCurve }: Pick<LlamaModel, 'spread' | 'passCurve'>, paint: Paint): string[] {
  if (spread === undefined) return []
  const one = passCurve?.[0]?.ms
  const eight = passCurve?.find(({ tokens }) => tokens === 8)?.ms
  return [
    ...table(
      [
        { title: 'machine', align: 'left' },
        { title: 'layers' },
        { title: 'needs' },
        { title: 'of' },
        { title: 'round trip' },
        { title: 'to it' },
      ],
      spread.map((machine) => [
        machine.machine,
        layersOf(machine),
        bytes(machine.bytes),
        bytes(machine.room),
        machine.latencyMs === undefined ? '–' : duration(machine.latencyMs),
        machine.bytesPerSecond === undefined ? '–' : `${bytes(machine.bytesPerSecond)}/s`,
      ]),
      paint,
    ),
    ...(one === undefined
      ? []
      : [
          `A pass takes ${duration(one)}: ${number(1000 / one)} tokens/s plainly.` +
            (eight === undefined
              ? ''
              : ` One over 8 tokens takes ${duration(eight)}: up to ${number(8000 / eight)} tokens/s with drafts that are all accepted.`),
        ]),
  ]
}

function layersOf({ layers: [from, to] }: SpreadMachine): string {
  return to > from ? `${from}–${to - 1}` : 'none'
}
