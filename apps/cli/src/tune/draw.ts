import { linePlot } from '../plot/lines.js'
import type { Allowance, Potential } from './report.js'

/** T(n)/T(1), and below it the gain over the acceptance, as a drawing. */
export function tuneDrawing({ target, passes, draft, free }: Allowance): string {
  const gain = (series: string, { gains }: Potential) => ({
    series,
    points: gains.map(({ alpha, speedup }) => ({ x: Math.round(100 * alpha), y: speedup })),
  })
  return stack([
    linePlot({
      title: 'What passes take',
      axes: { x: 'n, tokens of a pass', y: 'T(n)/T(1)' },
      lines: [{ series: 'target', points: passes.map(({ tokens, relative }) => ({ x: tokens, y: relative })) }],
      notes: [target],
    }),
    linePlot({
      title: 'What drafts can gain',
      axes: { x: 'accepted, per cent', y: 'speed-up at the best length' },
      lines: [...(draft ? [gain('draft model', draft)] : []), gain('free drafts', free)],
      series: ['target', 'draft model', 'free drafts'],
      ...(draft && { notes: [draft.model] }),
    }),
  ])
}

/** Drawings one below the other, in one. */
function stack(drawings: readonly string[]): string {
  const sizes = drawings.map((drawing) => {
    const [, width, height] = /^<svg[^>]* width="([\d.]+)" height="([\d.]+)"/.exec(drawing)!
    return { width: Number(width), height: Number(height) }
  })
  const height = sizes.reduce((sum, size) => sum + size.height, 0)
  const width = Math.max(...sizes.map((size) => size.width))
  let top = 0
  const placed = drawings.map((drawing, i) => {
    const y = top
    top += sizes[i]!.height
    return drawing.replace('<svg ', `<svg y="${y}" `)
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    ...placed,
    '</svg>',
    '',
  ].join('\n')
}
