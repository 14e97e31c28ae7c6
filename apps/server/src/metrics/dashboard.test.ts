import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { engineMetrics } from './metrics.js'

interface Panel {
  readonly id: number
  readonly title: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly { readonly expr: string }[]
}
const dashboard = JSON.parse(await readFile(new URL('../../grafana/dashboard.json', import.meta.url), 'utf8')) as {
  readonly panels: readonly Panel[]
}
const asked = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
const names = (text: string): string[] => text.match(/\bforetoken_\w+/g) ?? []

describe('the dashboard', () => {
  it('asks for metrics that exist, and for all of them', async () => {
    const metrics = await engineMetrics().registry.getMetricsAsJSON()
    const known = metrics.map(({ name }) => name)
    const used = new Set(asked.flatMap(names).map((name) => name.replace(/_(bucket|sum|count)$/, '')))
    expect([...used].toSorted()).toEqual(known.toSorted())
  })

  it('asks histograms for buckets', async () => {
    const metrics = await engineMetrics().registry.getMetricsAsJSON()
    const histograms = metrics.filter(({ type }) => String(type) === 'histogram').map(({ name }) => name)
    expect(histograms.length).toBeGreaterThan(0)
    for (const name of histograms) expect(asked.join('\n')).toContain(`${name}_bucket`)
  })

  it('has panels with names and numbers of their own, side by side', () => {
    const { panels } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
  })
})
