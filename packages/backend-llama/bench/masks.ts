// What a whole mask costs, beside llama.cpp's grammar sampler on the same states: npm run bench:masks:llama-cpp
import { cpus } from 'node:os'
import { compileFormat } from '@foretoken/grammar'
import { LlamaGrammars } from '../src/reference/grammar.js'
import { grammarOf, randomSchema } from '../src/reference/grammar-schemas.js'
import { written } from '../src/reference/grammar-texts.js'
import { Numbers } from '../src/reference/rows.js'
import { openRuntime } from '../src/runtime.js'
import { targetPath } from '../src/test-models.js'
import { LlamaTokenizer } from '../src/tokenizer.js'

const runtime = await openRuntime(false)
const calls = runtime.calls!
const model = calls.llama_model_load_from_file(targetPath, { ...calls.llama_model_default_params(), vocab_only: true })!
const vocab = calls.llama_model_get_vocab(model)!
const tokenizer = new LlamaTokenizer(calls, vocab, 'bench', undefined)
const grammars = new LlamaGrammars(runtime, vocab, tokenizer.vocabSize)

const numbers = new Numbers(1)
const machineMade: { grammar: string; texts: string[] }[] = []
for (let i = 0; i < 50; i++) {
  machineMade.push({ grammar: await grammarOf(runtime.llama, randomSchema(numbers)), texts: [] })
}

console.log(`Node ${process.versions.node}, ${cpus()[0]?.model}, ${tokenizer.vocabSize} tokens; us a mask\n`)
compileFormat({ type: 'choice', choices: ['x'] }, tokenizer)
  .open()
  .mask()
const all = [report('50 JSON schemas', machineMade)]
for (const [name, grammar, ...texts] of written) all.push(report(name, [{ grammar, texts }]))
report('all', [], all.flat())

interface Times {
  readonly llama: number
  readonly first: number
  readonly next: number
}

function report(name: string, cases: typeof machineMade, times = cases.flatMap(measured)): Times[] {
  const of = (key: keyof Times) => {
    const sorted = times.map((one) => one[key]).sort((a, b) => a - b)
    return `${sorted[sorted.length >> 1]!.toFixed(1)} (${sorted.at(-1)!.toFixed(0)})`
  }
  console.log(
    `${name}: ${times.length} states; llama.cpp ${of('llama')}, ours ${of('first')}, ` +
      `and in the next text ${of('next')}: median (slowest)`,
  )
  return times
}

/** Each mask along the texts, or along a random one. */
function measured({ grammar, texts }: (typeof machineMade)[number]): Times[] {
  const constraint = compileFormat({ type: 'grammar', grammar }, tokenizer)
  const paths = texts.length > 0 ? texts.map((text) => tokenizer.encode(text)) : [randomPath(grammar, 40)]
  return paths.flatMap((path) => {
    const [first, next] = [ours(), ours()]
    const text = grammars.open(grammar)!
    const llama = steps(
      path,
      (token) => text.accept(token),
      () => grammars.apply(text.sampler),
      refill,
    )
    text.free()
    return path.map((_, index) => ({ llama: llama[index]!, first: first[index]!, next: next[index]! }))

    function ours(): number[] {
      const matcher = constraint.open()
      return steps(
        path,
        (token) => matcher.accept(token),
        () => matcher.mask(),
      )
    }
  })
}

function refill(): void {
  grammars.fill(tokenizer.vocabSize)
}

function steps(
  path: readonly number[],
  accept: (token: number) => void,
  mask: () => void,
  before = () => {},
): number[] {
  return path.map((token) => {
    before()
    const start = performance.now()
    mask()
    const time = (performance.now() - start) * 1000
    accept(token)
    return time
  })
}

/** Of tokens that llama.cpp allows, and we do. A separate vocabulary keeps what was found out from what is measured. */
function randomPath(grammar: string, length: number): number[] {
  const { vocabSize } = tokenizer
  const source = {
    vocabSize,
    bytes: (token: number) => tokenizer.bytes(token),
    isEnd: (token: number) => tokenizer.isEnd(token),
  }
  const matcher = compileFormat({ type: 'grammar', grammar }, source).open()
  const text = grammars.open(grammar)!
  const path: number[] = []
  while (path.length < length) {
    const [ours, theirs] = [matcher.mask(), text.mask()]
    const tokens = Array.from({ length: vocabSize }, (_, token) => token).filter(
      (token) => (ours[token >> 5]! >>> (token & 31)) & 1 && theirs[token] === 1 && !tokenizer.isEnd(token),
    )
    if (tokens.length === 0) break
    const token = numbers.pick(tokens)
    matcher.accept(token)
    text.accept(token)
    path.push(token)
  }
  text.free()
  return path
}
