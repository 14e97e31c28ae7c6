import { ensureInflated, estimateSize } from '@foretoken/demo-models'
import { loadModel } from '@foretoken/backend-llama'
const P = '/work/shared/models/pilot'
const dir = '/tmp/ft-cache'
const t0 = performance.now()
const a = await ensureInflated({ source: `${P}/target-F16.gguf`, shape: '350m', directory: dir })
console.log('target', performance.now() - t0, a)
const shapes = { d3: { hidden: 512, layers: 12, feedForward: 1536, heads: 8, kvHeads: 2 }, d4: { hidden: 640, layers: 12, feedForward: 1792, heads: 10, kvHeads: 2 } }
const models: any = { target: await loadModel({ path: a.path, gpu: false, contextSize: 512 }) }
for (const [n, shape] of Object.entries(shapes)) {
  const r = await ensureInflated({ source: `${P}/draft-F16.gguf`, shape, type: 'Q4_0', directory: dir })
  console.log(n, r.bytes)
  models[n] = await loadModel({ path: r.path, gpu: false, contextSize: 512 })
}
const { passCurve } = await import('/work/main/apps/cli/src/measure/pass-curve.js')
const context = models.target.tokenizer.encode('export function add(a: number, b: number): number {\n  return a + b\n}\n')
for (let k = 0; k < 2; k++) for (const [n, m] of Object.entries(models) as any) {
  console.log(n, (await passCurve({ model: m, widths: [1, 2, 3, 4, 5, 6, 9], context, repetitions: 9 })).map((p: any) => `${p.width}: ${p.ms.toFixed(2)} (${p.low.toFixed(1)}-${p.high.toFixed(1)})`).join('  '))
}
process.exit(0)
