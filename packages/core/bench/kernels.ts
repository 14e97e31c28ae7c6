/**
 * How long the work on one row of logits takes: `npm run bench:kernels`.
 * In microseconds; the mean includes garbage collection and whatever else the machine does.
 */
import { typescriptKernels } from '../src/kernels/typescript.js'
import { createWasmKernels } from '../src/kernels/wasm.js'
import { Distribution } from '../src/sampling/distribution.js'
import { keepMinP, keepTopK, keepTopP } from '../src/sampling/truncate.js'

const RUNS = 300
const wasmKernels = createWasmKernels()
if (!wasmKernels) console.log('No WebAssembly SIMD here.')

for (const vocabSize of [32_000, 152_064]) {
  const row = logits(vocabSize, 20)
  const weights = new Float32Array(vocabSize)
  print(`\n${vocabSize} tokens`, ['best', 'median', 'mean'])
  for (const kernels of wasmKernels ? [wasmKernels, typescriptKernels] : [typescriptKernels]) {
    report(`argmax, ${kernels.name}`, () => kernels.argmax(row))
    report(`softmax, ${kernels.name}`, () => kernels.softmax(row, 1, weights))
  }
  const distribution = Distribution.of(weights)
  report('top-k 40', () => keepTopK(distribution, 40))
  report('top-k 1000', () => keepTopK(distribution, 1000))
  report('top-p 0.95', () => keepTopP(distribution, 0.95))
  const flat = new Float32Array(vocabSize)
  typescriptKernels.softmax(logits(vocabSize, 0), 1, flat)
  const flatDistribution = Distribution.of(flat)
  report('top-p 0.95, flat', () => keepTopP(flatDistribution, 0.95))
  report('min-p 0.05', () => keepMinP(distribution, 0.05))
  report('top-k 40, top-p 0.95', () => keepTopP(keepTopK(distribution, 40), 0.95))
}

/** Like a model's: a wide bell, and a few tokens that stand out and have most of the probability. From a fixed seed. */
function logits(length: number, outstanding: number): Float32Array {
  let state = 1
  const uniform = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32
  const row = Float32Array.from({ length }, () => 2.5 * (uniform() + uniform() + uniform() + uniform() - 2))
  for (let i = 0; i < outstanding; i++) row[Math.floor(uniform() * length)] = 12 + 6 * uniform()
  return row
}

function report(name: string, run: () => unknown): void {
  const times: number[] = []
  for (let i = -RUNS; i < RUNS; i++) {
    const start = performance.now()
    run()
    if (i >= 0) times.push((performance.now() - start) * 1000)
  }
  times.sort((a, b) => a - b)
  const mean = times.reduce((a, b) => a + b) / RUNS
  print(
    name,
    [times[0]!, times[RUNS / 2]!, mean].map((time) => time.toFixed(0)),
  )
}

function print(name: string, cells: string[]): void {
  console.log(`  ${name.padEnd(22)}${cells.map((cell) => cell.padStart(8)).join('')}`)
}
