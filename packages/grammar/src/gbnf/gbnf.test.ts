import { ForetokenError } from '@foretoken/core'
import { describe, expect, it } from 'vitest'
import { compileFormat } from '../index.js'
import { seeded } from '../testing/random.js'
import { testVocabulary } from '../testing/vocabulary.js'
import { accepts, randomText } from '../testing/walk.js'

const vocabulary = testVocabulary()
const compile = (grammar: string) => compileFormat({ type: 'grammar', grammar }, vocabulary)

const jsonGrammar = String.raw`# JSON, with white space
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws

object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws

array  ::= "[" ws ( value ("," ws value)* )? "]" ws

string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt/] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws

number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws     ::= | " " | "\n" [ \t]{0,20}
`
const arithmetic = String.raw`root  ::= (expr "=" ws term "\n")+
expr  ::= term ([-+*/] term)*
term  ::= ident | num | "(" ws expr ")" ws
ident ::= [a-z] [a-z0-9_]* ws
num   ::= [0-9]+ ws
ws    ::= [ \t\n]*`
const moves = String.raw`root ::= "1. " move " " move "\n" ([1-9] [0-9]? ". " move " " move "\n")+
move ::= (pawn | piece | castle) [+#]?
piece ::= [NBKQR] [a-h]? [1-8]? "x"? square
pawn ::= ([a-h] "x")? square ("=" [NBQR])?
castle ::= "O-O" "-O"?
square ::= [a-h] [1-8]`
const program = String.raw`root ::= declaration+
declaration ::= type space name "(" parameters? ")" space? "{" space? statement* "}" "\n"?
type ::= "int" | "float" | "char" "*"?
parameters ::= parameter ("," space parameter){0,5}
parameter ::= type space name
statement ::= (assignment | call | loop | branch | "return" space expression ";") space?
assignment ::= (type space)? name space "=" space expression ";"
call ::= name "(" arguments? ")" ";"
arguments ::= expression ("," space expression)*
loop ::= "while" space "(" condition ")" space "{" space? statement* "}"
branch ::= "if" space "(" condition ")" space "{" space? statement* "}" (space "else" space "{" space? statement* "}")?
condition ::= expression space ("==" | "!=" | "<=" | ">=" | "<" | ">") space expression
expression ::= operand (space [-+*/] space operand)*
operand ::= name | number | string | "(" expression ")"
name ::= [a-zA-Z_] [a-zA-Z_0-9]{0,15}
number ::= "-"? [0-9]{1,9} ("." [0-9]{1,5})?
string ::= "\"" [^"\\\n]{0,40} "\""
space ::= [ \n\t]{1,8}`

describe('GBNF', () => {
  it('rules that can be passed in endless ways are given up early', () => {
    const rules = Array.from({ length: 24 }, (_, i) => `r${i} ::= r${i + 1}? r${i + 1}?`)
    const start = performance.now()
    expect(() => compile(['root ::= r0', ...rules, 'r24 ::= "a"'].join('\n'))).toThrow('less ambiguous')
    expect(performance.now() - start).toBeLessThan(3000)
  })

  it('JSON: every text parses, and JSON is taken', () => {
    const constraint = compile(jsonGrammar)
    const random = seeded(3)
    for (let i = 0; i < 40; i++) {
      // It allows halves of surrogate pairs and leading zeros in exponents, as JSON does.
      JSON.parse(randomText(constraint, vocabulary, random))
    }
    expect(accepts(constraint, '{"a":\n\t[1, -2.5e3, "x\\u00e9\\n", {}], "b": null}')).toBe(true)
    expect(accepts(constraint, '{"a":01}')).toBe(false)
    expect(accepts(constraint, '[1]')).toBe(false)
  })

  it.each([
    [arithmetic, 'a1 +( 2*b_2)/3=x\n', 'a+=x\n'],
    [moves, '1. e4 e5\n2. Nf3 Nc6\n13. Bxc6+ O-O-O#\n', '1. e4 e9\n2. a1 a1\n'],
    [
      program,
      'int main(int a, char* b) { while (a <= 1) { a = a + (b * 2); f("x", 1.5); } return a;}',
      'int main() { a = ; }',
    ],
  ])('grammars of real size: %#', (grammar, yes, no) => {
    const constraint = compile(grammar)
    expect(accepts(constraint, yes)).toBe(true)
    expect(accepts(constraint, no)).toBe(false)
    const random = seeded(9)
    for (let i = 0; i < 10; i++) {
      const text = randomText(constraint, vocabulary, random, { patience: 30 })
      expect(accepts(constraint, text), text).toBe(true)
    }
  })

  it.each([
    [
      'root ::= "a\\x41\\u00e9\\U0001F600\\n\\"" [\\]\\-^\\\\a-c]',
      ['aAé😀\n"]', 'aAé😀\n"-', 'aAé😀\n"^', 'aAé😀\n"b'],
      ['aA'],
    ],
    ['root ::= [^a-z] .', ['A\n', '漢"'], ['ab', 'A']],
    ['root ::= [-a] [a-]', ['-a', 'a-'], ['b-']],
    ['root ::= "a"{2} "b"{1,} "c"{,2} "d"{0,1} ("e" | "f"){1,2}', ['aabe', 'aabbbccdfe'], ['abe', 'aabccce', 'aab']],
    ['root ::= a\n  | b # two lines\na ::=\n  "x"\n\n# nothing here\nb ::= "y" ""', ['x', 'y'], ['xy', '']],
    ['root ::= "" | a-b_1\na-b_1 ::= "z" root', ['', 'zzz'], ['a']],
    ['root ::= ("a" | )+ "b"', ['b', 'aaab'], ['a']],
    ['root ::= list\nlist ::= "(" list* ")"', ['()', '(()(()))'], ['(', '())']],
    ['root ::= "a" end?\nend ::= "b" end', ['a'], ['ab']],
    ['root::="a"\r\n  "b"\r\n', ['ab'], ['a']],
  ])('%j', (grammar, yes, no) => {
    const constraint = compile(grammar)
    for (const text of yes) expect(accepts(constraint, text), text).toBe(true)
    for (const text of no) expect(accepts(constraint, text), text).toBe(false)
  })

  it.each([
    ['main ::= "a"', 'no rule called root'],
    ['', 'no rule called root'],
    ['root ::= a', 'Line 1 of the grammar: There is no rule called a'],
    ['root ::= "a"\nroot ::= "b"', 'Line 2 of the grammar: There are two rules called root'],
    ['root ::= "a\n', 'A " is missing'],
    ['root ::= [a', 'A ] is missing'],
    ['root ::= ("a"', 'A ) is missing'],
    ['root ::= "a")', 'A rule is expected here'],
    ['root ::= "\\q"', '\\q is not understood'],
    ['root ::= [z-a]', 'wrong way round'],
    ['root ::= "a"{3,2}', 'least above its most'],
    ['root ::= "a"{x}', 'A repetition is'],
    ['root ::= "a"{}', 'A repetition is'],
    ['root ::= "\\ud800"', 'no character'],
    ['root ::= <think>', 'Tokens (<…>)'],
    ['root ::= root "a" | "a"', 'begins with itself: root → root'],
    ['root ::= a\na ::= ""? b\nb ::= a "x" | "y"', 'begins with itself: a → b → a'],
    ['root ::= "a" root', 'allows no text at all'],
    ['root ::= @', 'means nothing here'],
  ])('%j is refused', (grammar, why) => {
    expect(() => compile(grammar)).toThrow(why)
    try {
      compile(grammar)
    } catch (error) {
      expect(ForetokenError.is(error, 'invalid-argument')).toBe(true)
    }
    // What failed leaves nothing behind.
    expect(accepts(compile('root ::= "ok"'), 'ok')).toBe(true)
  })
})
