/** What a character was to the value that is being read. */
export type JsonStep =
  /** The last of a key. */
  | 'key'
  /** The first of a value. */
  | 'begin'
  /** The last of a text, object or list. */
  | 'end'
  | 'inside'
  /** No JSON goes on like this. */
  | 'broken'

const literal = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/

/**
 * Reads one JSON object, a character at a time. Line breaks and the like are let through in texts, where models write them;
 * {@link inText} tells, so that they can be escaped.
 */
export class JsonScanner {
  /** How many objects and lists are open. */
  depth = 0
  /** Whether the last character stands in a text, or ends one. */
  inText = false
  /** The last text of the outer object, as it was written, with its quotes: a key, or a value. */
  written = ''
  private readonly open: ('{' | '[')[] = []
  private expects: 'value' | 'first key' | 'key' | 'colon' | 'first item' | 'comma' = 'value'
  private text: 'key' | 'value' | undefined
  /** What follows a backslash in a text, so far. */
  private escape: string | undefined
  private word = ''

  push(character: string): JsonStep {
    if (this.text) {
      this.inText = true
      if (this.depth === 1) this.written += character
      return this.inside(character)
    }
    this.inText = false
    if (/[\w.+-]/.test(character)) return this.letter(character)
    if (this.word !== '') {
      if (!literal.test(this.word)) return 'broken'
      this.word = ''
      this.expects = 'comma'
    }
    return /[ \t\n\r]/.test(character) ? 'inside' : this.sign(character)
  }

  private inside(character: string): JsonStep {
    if (this.escape !== undefined) {
      this.escape += character
      if (!/^(?:["\\/bfnrt]|u[\da-fA-F]{0,4})$/.test(this.escape)) return 'broken'
      if (this.escape[0] !== 'u' || this.escape.length === 5) this.escape = undefined
    } else if (character === '\\') {
      this.escape = ''
    } else if (character === '"') {
      const step = this.text === 'key' ? 'key' : 'end'
      this.expects = this.text === 'key' ? 'colon' : 'comma'
      this.text = undefined
      return step
    }
    return 'inside'
  }

  private letter(character: string): JsonStep {
    if (this.word === '' && this.expects !== 'value' && this.expects !== 'first item') return 'broken'
    this.word += character
    return this.word.length === 1 ? 'begin' : 'inside'
  }

  private sign(sign: string): JsonStep {
    const { expects } = this
    const value = expects === 'value' || expects === 'first item'
    switch (sign) {
      case '"':
        if (!value && expects !== 'key' && expects !== 'first key') return 'broken'
        this.text = value ? 'value' : 'key'
        this.inText = true
        if (this.depth === 1) this.written = sign
        return value ? 'begin' : 'inside'
      case '{':
      case '[':
        if (!value) return 'broken'
        this.open.push(sign)
        this.depth++
        this.expects = sign === '{' ? 'first key' : 'first item'
        return 'begin'
      case '}':
      case ']': {
        const first = sign === '}' ? 'first key' : 'first item'
        const fits = this.open.at(-1) === (sign === '}' ? '{' : '[')
        if (!fits || (expects !== 'comma' && expects !== first)) return 'broken'
        this.open.pop()
        this.depth--
        this.expects = 'comma'
        return 'end'
      }
      case ':':
        if (expects !== 'colon') return 'broken'
        this.expects = 'value'
        return 'inside'
      case ',':
        if (expects !== 'comma') return 'broken'
        this.expects = this.open.at(-1) === '{' ? 'key' : 'value'
        return 'inside'
      default:
        return 'broken'
    }
  }
}
