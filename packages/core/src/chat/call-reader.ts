import { JsonScanner } from './json-scanner.js'

/** Who is told what is found in a call. */
export interface CallListener {
  start(name: string): void
  arguments(delta: string): void
}

/** Beside a call's name and arguments, models write these. */
const known = new Set<unknown>(['name', 'arguments', 'parameters', 'type', 'id'])

/**
 * Reads one call, `{"name": …, "arguments": {…}}`, a character at a time. The keys may come in any order. Arguments are told
 * as they come, once it is certain that this is a call of a function that exists.
 */
export class CallReader {
  /** Whether `start` was told. */
  started = false
  private readonly scanner = new JsonScanner()
  private key: unknown
  private name: string | undefined
  private arguments: 'to come' | 'open' | 'read' = 'to come'
  /** Arguments that were not told yet. */
  private waiting = ''

  constructor(
    private readonly names: ReadonlySet<string>,
    private readonly listener: CallListener,
  ) {}

  push(character: string): 'more' | 'done' | 'broken' {
    const { scanner } = this
    const outer = scanner.depth === 1
    const step = scanner.push(character)
    if (step === 'broken') return 'broken'
    if (outer && step === 'begin' && !this.beginValue(character)) return 'broken'
    if (this.arguments === 'open') this.tell(scanner.inText ? escaped(character) : character)
    if (scanner.depth === 1 && step === 'key' && !this.endKey()) return 'broken'
    if (scanner.depth === 1 && step === 'end' && !this.endValue()) return 'broken'
    if (scanner.depth > 0) return 'more'
    if (this.name === undefined) return 'broken'
    if (this.arguments === 'to come') this.tell('{}')
    return 'done'
  }

  private beginValue(character: string): boolean {
    if (this.key === 'name') return character === '"' && this.name === undefined
    if (this.key !== 'arguments' && this.key !== 'parameters') return true
    if (this.arguments !== 'to come') return false
    this.arguments = 'open'
    return character === '{'
  }

  private endKey(): boolean {
    this.key = parsed(this.scanner.written)
    return known.has(this.key)
  }

  private endValue(): boolean {
    if (this.arguments === 'open') this.arguments = 'read'
    if (this.key !== 'name') return true
    const name = parsed(this.scanner.written)
    if (typeof name !== 'string' || !this.names.has(name)) return false
    this.name = name
    if (this.waiting !== '') this.tell('')
    return true
  }

  private tell(text: string): void {
    this.waiting += text
    if (this.name === undefined) return
    if (!this.started) {
      this.started = true
      this.listener.start(this.name)
    }
    this.listener.arguments(this.waiting)
    this.waiting = ''
  }
}

/** Models write line breaks into texts; JSON wants them escaped. */
function escaped(character: string): string {
  return character < ' ' ? JSON.stringify(character).slice(1, -1) : character
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
