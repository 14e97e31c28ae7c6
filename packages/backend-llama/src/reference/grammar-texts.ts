/** Grammars as people write them, each with texts that it allows: of every notation that both engines know. */
export const written: readonly (readonly [name: string, grammar: string, ...texts: string[]])[] = [
  [
    'arithmetic',
    String.raw`root ::= sum "\n"?
sum ::= product (space [-+] space product)*
product ::= power (space [*/%] space power)*
power ::= sign? atom ("^" power)?
atom ::= number | name call? | "(" sum ")"
call ::= "(" (sum ("," space sum)*)? ")"
number ::= ("0" | [1-9] [0-9]*) ("." [0-9]+)? ([eE] [-+]? [0-9]{1,3})?
name ::= [a-z_] [a-z0-9_]{0,11}
sign ::= "-" | "+"
space ::= " "?`,
    '1 + 2.5e-3*(x - -sin(0.5, y_1))^2^n\n',
    'max(a, b, f())',
  ],
  [
    'JSON, with white space and comments',
    String.raw`# Any value.
root ::= space value space
value ::= object | array | string | number | "true" | "false" | "null" # the three words

object ::=
  "{" space ( # may be empty
    member ( space "," space member )*
  )? space "}"
member ::= string space ":" space value

array ::= "[" space (
    value
    ( space "," space value )*
) ? space "]"
string ::= "\"" ( [^"\\\x00-\x1f\x7f] | "\\" ( ["\\/bfnrt] | "u" [0-9a-fA-F]{4} ) )* "\""
number ::= "-"? ( "0" | [1-9] [0-9]* ) ( "." [0-9]+ )? ( [eE] [-+]? [0-9]+ )?
space ::= ( " " | "\n" [ \t]{0,20} )?
`,
    '{"name": "Zoë \\u00e9\\n", "list": [1, -2.5e+10, {}, [ ]],\n  "ok": true, "😀": null}',
  ],
  [
    'a list',
    String.raw`root ::= (item){2,} end
item ::= indent* [-*+] " " words "\n"
indent ::= "  "
words ::= word (" " word){0,7} [.!?]?
word ::= [A-Za-z] [a-z'’]*
end ::= "" | "--\n"`,
    '- one item\n  - below it as if\n* done!\n--\n',
  ],
  [
    'a small language',
    String.raw`root ::= space declaration+
declaration ::= function | variable ";" space
function ::= type name "(" space parameters? ")" space block
parameters ::= parameter ("," space parameter)*
parameter ::= type name
type ::= ("const" gap)? ("int" | "char" | "double" | "void") (" " "*"* | "*"+ " ")
block ::= "{" space statement* "}" space
statement ::= block | if | while | for | return | variable ";" space | expression ";" space
if ::= "if (" expression ") " statement ("else " statement)?
while ::= "while (" expression ") " statement
for ::= "for (" (variable | expression)? "; " expression? "; " expression? ") " statement
return ::= "return" (gap expression)? ";" space
variable ::= type name ("[" [0-9]{1,4} "]")* (" = " expression)?
expression ::= term (space operator space term)*
operator ::= "==" | "!=" | "<=" | ">=" | "<" | ">" | "&&" | "||" | "=" | [-+*/%&|^]
term ::= [!~&*-]? (name ("(" (expression ("," space expression)*)? ")" | "[" expression "]")* | number | string | "(" expression ")")
name ::= [a-zA-Z_] [a-zA-Z_0-9]{0,30}
number ::= [0-9]+ ("." [0-9]*)?
string ::= "\"" ([^"\\\n] | "\\" [nrt"\\0])* "\"" | "'" ([^'\\\n] | "\\" [nrt'\\0]) "'"
space ::= gap? ("//" [^\n]* "\n" gap?)*
gap ::= [ \t\n]+`,
    'int main(void *args, int n) {\n  // sums up\n  double total[10] = 0;\n' +
      '  for (int i = 0; i < n; i = i + 1) {\n    total = total + f(args[i], "a\\n") * -1.5;\n  }\n' +
      "  if (total >= 10) return 'x'; else while (1) g();\n}\n",
  ],
  [
    'dates and times',
    String.raw`root ::= date ([T ] time zone?)? | time | "now" ([-+] [1-9] [0-9]{0,2} [smhdw])?
date ::= year "-" ( ("0" [13578] | "1" [02]) "-" ("0" [1-9] | [12] [0-9] | "3" [01])
  | ("0" [469] | "11") "-" ("0" [1-9] | [12] [0-9] | "30")
  | "02-" ("0" [1-9] | "1" [0-9] | "2" [0-9]) )
year ::= [0-9]{4}
time ::= ([01] [0-9] | "2" [0-3]) (":" [0-5] [0-9]){1,2} ("." [0-9]{1,9})?
zone ::= "Z" | [-+] [0-9]{2} ":"? [0-9]{2}`,
    '2024-02-29T23:59:59.123456Z',
    '1999-12-31 00:00+01:00',
    'now-15d',
  ],
  [
    'characters of many scripts',
    String.raw`root ::= (latin | greek | han | emoji | any)+
latin ::= [a-zà-öø-ÿ] [a-zà-öø-ÿ\u0100-\u017f]* " "
greek ::= [Α-Ωα-ω\u03AC-\u03CE]{1,6} [.;·]
han ::= [\u4e00-\u9fff]+ "。"
emoji ::= [\U0001F600-\U0001F64F] "\U0001F3FD"? "\u200d"?
any ::= "<" [\u0080-\U0010FFFF]* ">"`,
    'naïve κόσμε.漢字。😀<€…→>crème ',
  ],
  [
    'classes that exclude',
    String.raw`root ::= line{1,3} tail
line ::= "a:" [^a-z\n] [^\n\r]* "\n" | "b:" [^é-ü€"]{2,9} "\n" | "c:" [^\]\\^-] [^-a] [^a-] "\n"
tail ::= [^\x00-\x7f]+ | [^\u0080-\U0010ffff]{0,3} "."`,
    'a:Any “thing” at all\nb:a…\nc:x—b\n漢',
    'c:xyz\nab.',
  ],
  [
    'escapes',
    String.raw`root ::= "\"\\\[\]\-\t\x41\u00e9\U0001f642" [\[\]\-\\"\x30-\x39\t\n\r] [-.] [.-] [%--] "\x20"{2} [+--/]`,
    '"\\[]-\tAé🙂7-.&  ,',
  ],
  ['any character', String.raw`root ::= . .{2} "|" .* "|" .+ ("!" | .? "?")`, 'éa\n|anything — at all|x!'],
  [
    'counted repetitions',
    String.raw`root ::= "a"{3} "b"{2,} "c"{1,4} ("d" [0-9]{2}){0,3} ( "e"{2} | "f"{0,1} "g" ){2}{2} "h"{0} [a-f]{8,40} "z"{0,0}`,
    'aaabbbccd10d11eegfgeeabcdefabcdefaaaa',
  ],
  [
    'nested groups',
    String.raw`root ::= (((("a" | ("b" ("c" | "d")* )+ ))? "." )+ | ( ( ) "x" ( | "y" | ) ))`,
    'a.bcd.b..',
    'xy',
  ],
  [
    'alternatives over several lines',
    String.raw`

root ::=
    "one" |
    "two" | # with a remark

    # and a whole line of it
    three |
    ( "four"
      | "five"

      | six
    )
three ::= "three" three |
  ""
six ::= "six"
`,
    'threethree',
    'six',
    'five',
  ],
  [
    'empty alternatives',
    String.raw`root ::= | a | a "-" a
a ::= "" | "x" | b
b ::= | "yy" a | "z"?`,
    '',
    'x-yyyyx',
    '-',
  ],
  [
    'right recursion',
    String.raw`root ::= "(" root ")" root | "[" root "]" root | word root | ""
word ::= letter word | letter
letter ::= [a-zA-Z ]`,
    '(one (two) [three]) four',
  ],
  [
    'a tree with words that begin alike',
    String.raw`root ::= ("return" | "returns" | "re" "turn"? | "retry" | r e "s") (" " root)?
r ::= "r" | "R"
e ::= "e" | "E"`,
    'returns retry rEs re',
  ],
  [
    'chess',
    String.raw`root ::= ([1-9] [0-9]? ". " move " " move "\n")+
move ::= (pawn | piece | "O-O" "-O"?) [+#]?
piece ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBQR])?`,
    '1. e4 e5\n2. Nbd2 exf4+\n',
  ],
  [
    'TypeScript declarations',
    String.raw`root ::= (comment? "export "? (interface | alias | constant) "\n")+
comment ::= "/** " [^*\n]* "*/\n"
interface ::= "interface " name (" extends " name)? " {\n" member* "}"
member ::= "  " "readonly "? property "?"? ": " type "\n"
alias ::= "type " name " = " "\n  | "? type
constant ::= "const " property ": " type " = " literal
type ::= single ("[]" | " | " type)?
single ::= "string" | "number" | "boolean" | "null" | literal | name ("<" type (", " type)* ">")? | "(" type ")"
literal ::= "'" [^'\\\n]* "'" | "-"? [0-9]+ | "true" | "false"
name ::= [A-Z] [a-zA-Z0-9]*
property ::= [a-z] [a-zA-Z0-9]*`,
    '/** What is kept. */\nexport interface Item extends Base {\n  readonly id: number\n  tags?: string[]\n}\n' +
      "type Kind = 'a' | 'b' | Map<string, Item>\n",
  ],
  [
    'CSV, in all its ways',
    String.raw`root ::= row ("\r"? "\n" row)* "\n"?
row ::= field ([,;\t] field)*
field ::= [^",;\t\r\n]* | "\"" ([^"] | "\"\"")* "\""`,
    'a,"b ""c"", d",3.5\r\nx;y\tz\n',
  ],
]
