import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseNginx } from '../../../parsers/nginx/parse.ts'
import type { NginxNode, NginxTree } from '../../../parsers/nginx/syntax.ts'
import { positionAt, type Source, textSource } from '../../../parsers/text/source.ts'

const parse = (text: string): NginxTree => parseNginx(textSource('/etc/nginx/nginx.conf', text))

/** `name arg arg;` and `name { … }` in one line, words as JSON where they are not plain. */
function show(nodes: readonly NginxNode[]): string {
  return nodes
    .map(node => {
      if (node.kind !== 'directive') return `<${node.kind}>`
      const words = [node.name, ...node.args].map(word =>
        /^[\w./$()=]+$/.test(word.value) ? word.value : JSON.stringify(word.value),
      )
      return words.join(' ') + (node.block === null ? ';' : ` { ${show(node.block.children)} }`)
    })
    .join(' ')
}

const reads = (text: string, shown: string): void => {
  const tree = parse(text)
  assert.equal(tree.problems, [], text)
  assert.is(show(tree.children), shown)
}

const refuses = (text: string, code: string, start: number): void => {
  const [problem] = parse(text).problems
  assert.is(problem?.code, code, text)
  assert.is(problem?.start, start, text)
}

test('a word ends at whitespace, a semicolon or an opening brace alone', () => {
  reads('index a}b a#b a"b a(b);', 'index "a}b" "a#b" "a\\"b" a(b);')
  reads('zz"a b" c;', '"zz\\"a" "b\\"" c;')
  reads('server_tokens\u000boff;', '"server_tokens\\u000boff";')
  reads('server_tokens\u00a0off;', '"server_tokens\u00a0off";')
})

test('quotes open at the beginning of a word and let only a few characters follow', () => {
  reads(`"server_tokens" 'off';`, 'server_tokens off;')
  reads('map $uri "$x"{default "";}', 'map $uri $x { default ""; }')
  reads('if ($u = "a b"){ }', 'if ($u = "a b" ) {  }')
  reads('index "a")b;', 'index a )b;')
  refuses('index "a""b";', 'unexpected-after-quote', 9)
  refuses('index "a"#c\n;', 'unexpected-after-quote', 9)
  refuses('http { index "a"}', 'unexpected-after-quote', 16)
})

test('escapes are undone as nginx undoes them and take any next character', () => {
  reads(String.raw`a \" \' \\ \t\r\n \;\ \{ \.;`, String.raw`a "\"" "'" "\\" "\t\r\n" "\\;\\ \\{" "\\.";`)
  reads('index a\\\nb;', 'index "a\\\\\\nb";')
  reads(String.raw`index "a\\";`, String.raw`index "a\\";`)
  refuses(String.raw`index "a\";`, 'unexpected-end-of-file', 11)
})

test('a brace right behind a dollar opens no block, an escaped dollar is none', () => {
  reads('set $a ${uri}b;', 'set $a "${uri}b";')
  reads('a ${{x;', 'a "${{x";')
  reads('return 200 \\${x; }', 'return 200 "\\\\$" { x; }')
  reads('location ~ ^/[a-z]{ }', 'location "~" "^/[a-z]" {  }')
})

test('a regular expression in no quotes ends at its brace, and is read as it was meant', () => {
  const whole = String.raw`location ~ ^/\d{4}/\p{L}+/x{2,}$ { return 404; }`
  const { children, problems } = parse(whole)
  const [node] = children
  assert.is(children.length, 1)
  assert.is(node?.kind === 'directive' && node.args[1]?.value, String.raw`^/\d{4}/\p{L}+/x{2,}$`)
  assert.equal(
    problems.map(({ code, start }) => [code, start]),
    [['brace-in-pattern', whole.indexOf('{')]],
  )
  refuses('rewrite ^/(a{2})$ /b;', 'brace-in-pattern', 12)
  refuses('if ($uri ~ a{2}) { }', 'brace-in-pattern', 12)
  reads('location ~ "a{2}" { }', 'location "~" "a{2}" {  }')
})

test('a comment begins at the beginning of a word and runs to the line feed', () => {
  reads('server{#x\nlisten 1;}#y', 'server { <comment> listen 1; } <comment>')
  reads('index #b;\n c;', '<comment> index c;')
  reads('events {} # c\rhttp { bogus; }\r', 'events {  } <comment>')
  const [comment] = parse('# one\r\na;').children
  assert.equal([comment?.start, comment?.end], [0, 5])
})

test('a byte-order mark belongs to the first word', () => {
  reads('\ufeffevents {}', '"\ufeffevents" {  }')
  reads('\ufeff# c\nevents {}', '"\ufeff#" c events {  }')
})

test('stray semicolons and braces are told where they stand', () => {
  refuses('events {}\n;', 'unexpected-semicolon', 10)
  refuses('server {};', 'unexpected-semicolon', 9)
  refuses('{ a; }', 'unexpected-open-brace', 0)
  refuses('a; }', 'unexpected-close-brace', 3)
  refuses('http { server_tokens off }', 'unexpected-close-brace', 25)
  refuses('http {\n', 'unexpected-end-of-file', 7)
  refuses('a b', 'unexpected-end-of-file', 3)
  refuses('a\\', 'unexpected-end-of-file', 2)
})

test('the tree goes on behind what nginx refuses', () => {
  assert.is(show(parse('http { a on } b;').children), 'http { a on; } b;')
  assert.is(show(parse('{ a; } b;').children), '<invalid> a; <invalid> b;')
  assert.is(show(parse('http { server { a').children), 'http { server { a; } }')
  assert.is(parse('http { a on } }').problems.length, 2)
})

test('indentation tells which block was left open', () => {
  const started = (text: string): number | undefined => parse(text).problems[0]?.unfinished?.start
  const text = 'http {\n  server {\n    location / {\n      a;\n\n    location /b {\n    }\n  }\n}\n'
  assert.is(started(text), text.indexOf('location /'))
  assert.is(started('http { server { a; }\n'), 0)
  assert.is(started('a "b\n;'), 2)
  assert.is(started('a b'), 0)
})

test('limits are counted in bytes and only where more of the file follows', () => {
  const long = (count: number, fill = 'a'): string => `index ${fill.repeat(count)}`
  const codes = (text: string): string[] => parse(text).problems.map(problem => problem.code)
  assert.equal(codes(`${long(4095)};\n`), [])
  assert.equal(codes(`${long(4095)} ;\n`), ['too-long-parameter'])
  assert.equal(codes(`${long(4096)};\n`), ['too-long-parameter'])
  assert.equal(codes(`${long(2047, 'é')};\n`), [])
  assert.equal(codes(`${long(2048, 'é')};\n`), ['too-long-parameter'])
  assert.equal(codes(long(4096)), ['unexpected-end-of-file'])
  assert.equal(codes(long(4097)), ['too-long-parameter'])
  assert.equal(codes(`index "${'a'.repeat(4094)}";\n`), [])
  assert.equal(codes(`index "${'a'.repeat(4095)}";\n`), ['too-long-parameter'])
  assert.equal(codes(`#${'c'.repeat(4094)}\na;`), [])
  assert.equal(codes(`#${'c'.repeat(4095)}\na;`), ['too-long-parameter'])
  const latin: Source = { ...textSource('/a', `${long(4095, 'é')};\n`), encoding: 'latin1' }
  assert.equal(parseNginx(latin).problems, [])
})

test("Lua's strings, long brackets and comments decide where its block ends", () => {
  const lua = `ngx.say("}") -- }\n local a = '\\'}' --[[ } ]] .. [=[ }]] ]=] if x then t = {} end`
  const tree = parse(
    `location / { "content_by_lua_block"{${lua}} a; } set_by_lua_block $x { } server_name a_by_lua_block;`,
  )
  assert.equal(tree.problems, [])
  assert.is(
    show(tree.children),
    'location / { content_by_lua_block { <lua> } a; } set_by_lua_block $x { <lua> } server_name a_by_lua_block;',
  )
  refuses('content_by_lua_block { "}', 'unexpected-end-of-file', 25)
})

test('the terminator is where nginx read that the arguments end', () => {
  const text = 'server_tokens\n\n on\n off\n;\nhttp\n{}'
  const lines = parse(text).children.map(node =>
    node.kind === 'directive' ? positionAt(textSource('/a', text), node.terminator).line : 0,
  )
  assert.equal(lines, [5, 7])
})

test('a source is parsed once', () => {
  const source = textSource('/a', 'a;')
  assert.is(parseNginx(source), parseNginx(source))
})

/** Texts that look like configurations more often than chance would have it. */
const texts = fc
  .array(
    fc.constantFrom(
      ...'ab;{}"\'\\$#() \n\t\r'.split(''),
      '${',
      ' {\n',
      ';\n',
      'server ',
      'é',
      '\ufeff',
      '😀',
      '\0',
      ' content_by_lua_block {',
      '--[[',
      ']]',
    ),
    { maxLength: 120 },
  )
  .map(parts => parts.join(''))

/** Marks every character that some node accounts for, and checks that children lie inside parents. */
function cover(nodes: readonly NginxNode[], start: number, end: number, covered: Uint8Array): void {
  const mark = (from: number, to: number): void => {
    assert.ok(from >= start && from <= to && to <= end, `${from}..${to} lies outside ${start}..${end}`)
    covered.fill(1, from, to)
  }
  for (const node of nodes) {
    mark(node.start, node.end === node.start ? node.start : node.start + 1)
    if (node.kind !== 'directive') {
      mark(node.start, node.end)
      continue
    }
    assert.is(node.start, node.name.start)
    let last = node.start
    for (const word of [node.name, ...node.args]) {
      assert.ok(word.start >= last, 'words follow each other')
      mark(word.start, word.end)
      last = word.end
    }
    assert.ok(node.terminator >= last)
    if (node.block === null) {
      if (node.end > node.terminator) mark(node.terminator, node.end)
    } else {
      assert.is(node.block.start, node.terminator)
      assert.is(node.block.end, node.end)
      mark(node.block.start, node.block.start + 1)
      mark(node.block.end - 1, node.block.end)
      cover(node.block.children, node.block.start, node.block.end, covered)
    }
  }
}

test('nothing of a file is lost: between the words lies only whitespace', () => {
  fc.assert(
    fc.property(texts, text => {
      const tree = parse(text)
      const covered = new Uint8Array(text.length)
      cover(tree.children, 0, text.length, covered)
      for (let at = 0; at < text.length; at++)
        assert.ok(covered[at] === 1 || ' \t\r\n'.includes(text[at] ?? ''), `${JSON.stringify(text)} at ${at}`)
      for (const problem of tree.problems)
        assert.ok(0 <= problem.start && problem.start <= problem.end && problem.end <= text.length)
    }),
    { seed: 20261124, numRuns: 3000 },
  )
})

test('nesting has no depth at which the parser fails', () => {
  const tree = parse('a{'.repeat(100_000))
  assert.is(tree.problems.length, 1)
})

test.run()
