import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadShellParser } from '../../../parsers/shell/load-shell-parser.ts'
import type { ShellOptions } from '../../../parsers/shell/shell-environment.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'

const files = grammarFiles()
const shell = await loadShellParser({ runtime: files.runtime, grammar: files.bash })

/** Value, null for unset, undefined for unknown. */
function value(script: string, name: string, options: ShellOptions = {}): string | null | undefined {
  const { variables, complete } = shell.parse(textSource('/envvars', script), options)
  const variable = variables.get(name)
  if (variable === undefined) return complete ? null : undefined
  return variable.value.known ? variable.value.value : undefined
}

function exported(script: string): readonly string[] {
  const { variables } = shell.parse(textSource('/envvars', script))
  return [...variables].filter(([, variable]) => variable.exported).map(([name]) => name)
}

const ENVVARS = `# envvars
unset HOME
if [ "\${APACHE_CONFDIR##/etc/apache2-}" != "\${APACHE_CONFDIR}" ] ; then
\tSUFFIX="-\${APACHE_CONFDIR##/etc/apache2-}"
else
\tSUFFIX=
fi
export APACHE_RUN_USER=www-data
export APACHE_PID_FILE=/var/run/apache2$SUFFIX/apache2.pid
export LANG=C
#. /etc/default/locale
export LANG
`

function given(name: string, text: string): ShellOptions {
  return {
    initial: new Map([[name, { value: { known: true, value: text }, exported: false, assignment: null }]]),
  }
}

test("Debian's file, with and without an instance", () => {
  assert.is(value(ENVVARS, 'APACHE_PID_FILE'), '/var/run/apache2/apache2.pid')
  assert.is(value(ENVVARS, 'SUFFIX'), '')
  assert.is(value(ENVVARS, 'HOME', given('HOME', '/root')), null)
  const instance = given('APACHE_CONFDIR', '/etc/apache2-shop')
  assert.is(value(ENVVARS, 'APACHE_PID_FILE', instance), '/var/run/apache2-shop/apache2.pid')
  assert.equal(exported(ENVVARS), ['APACHE_RUN_USER', 'APACHE_PID_FILE', 'LANG'])
})

test('an assignment carries its place and the value it gave', () => {
  const script = 'A=1\nexport B="x $A"\n'
  const { assignments } = shell.parse(textSource('/envvars', script))
  assert.equal(
    assignments.map(({ name, value, exported, start, end }) => [
      name,
      value,
      exported,
      script.slice(start, end),
    ]),
    [
      ['A', { known: true, value: '1' }, false, 'A=1'],
      ['B', { known: true, value: 'x 1' }, true, 'B="x $A"'],
    ],
  )
})

test('what a command, a missing file or a condition decides is unknown', () => {
  assert.is(value('A=$(hostname)', 'A'), undefined)
  assert.is(value('A=`hostname`', 'A'), undefined)
  assert.is(value('A=1\n. /etc/default/locale\nB=2', 'A'), undefined)
  assert.is(value('A=1\n. /etc/default/locale\nB=2', 'B'), '2')
  assert.is(value('A=1\n. /etc/default/locale\nB=2', 'C'), undefined)
  assert.is(value('if [ -f /x ]; then A=1; else A=2; fi', 'A'), undefined)
  assert.is(value('if [ -f /x ]; then A=1; else A=1; fi', 'A'), '1')
  assert.is(value('if grep -q x /y; then A=1; fi', 'A'), undefined)
  assert.is(value('for i in a b; do A=$i; done', 'A'), undefined)
  assert.is(value('A=1\nwhile read -r x; do B=$x; done < /file\n', 'A'), '1')
  assert.is(value('A=1\neval "$X"', 'A'), undefined)
  assert.is(value('f() { A=2; }\nA=1\nf', 'A'), undefined)
  assert.is(value('A=1\n(A=2)\necho x | A=3', 'A'), '1')
  assert.is(value('[ -f /x ] && return\nA=1', 'A'), undefined)
  assert.is(value('A=1\nreturn 0\nA=2', 'A'), '1')
  assert.is(value('A=\uE000x', 'A'), undefined)
})

test('a file that can be read is read into the same shell', () => {
  const locale = textSource('/etc/default/locale', 'LANG=de_DE.UTF-8\n')
  const read = (path: string) => (path === locale.path ? locale : ('missing' as const))
  assert.is(value('. /etc/default/locale\nexport LANG', 'LANG', { read }), 'de_DE.UTF-8')
  assert.is(value('A=1\n. /nowhere\n', 'A', { read }), '1')
  const itself = (path: string) => textSource(path, '. /loop\n')
  assert.is(value('A=1\n. /loop\nA=2', 'A', { read: itself }), '2')
})

/** Scripts that a real shell may run here: no command of them touches anything. */
const SCRIPTS = [
  'A=\'a b\'"c$X"\\ d\nB=2',
  ': "${A:=default}"\nB=${A}x',
  ': ${A=d$B}; C=${A:-none}',
  'A=${B:-a "b" c}',
  'A="${B:-a b}" C="x${A:+alt}y"',
  'B=/var/run/x/y.tar.gz; A=${B##*/}; C=${B%.*}; D=${B%%.*}; E=${B#*/}; F=${#B}',
  'B=aXbXc; A=${B%X*}; C=${B%%X*}; D=${B#*X}; E=${B##*X}; F=${B#[ab]}; G=${B%?}',
  'B=1; A=/run/a$B/x$B.pid; C=$B-c$B.d',
  'A=$B/b$C-c\nexport A',
  'A=1; if [ "$A" != "" ]; then B=2; else B=3; fi',
  'if test -z "$A"; then B=2; elif test 1 -gt 2; then B=4; else B=3; fi',
  'if [ ! -z "$A" ]; then B=2; else B=3; fi',
  'if ! [ -n "$A" ]; then B=2; fi',
  'if [ x$A = x ]; then B=2; fi; if [ $A ]; then C=1; fi; if [ -n $A ]; then D=1; fi',
  'if [ -n "$A" -o "a" = "a" ]; then B=1; fi; if [ "a" = "a" -a "b" != "b" ]; then C=1; fi',
  'if [ "$A"="" ]; then B=1; fi; if [ ! ]; then C=1; fi; if [ "!" = "!" ]; then D=1; fi',
  'A=1; [ "$A" = 1 ] && B=yes || B=no; test -n "$C" || D=unset',
  'A=prod; case "$A" in dev|test) B=1;; p*) B=2;; *) B=3;; esac',
  'A=x; case $A in "x") B=1;; *) B=2;; esac; case $B in [2-9]) C=1;; [!2-9]) C=2;; esac',
  'A=1; export A; unset A; A=2',
  'export A; A=1; export B=2 C="3 4"',
  'set -a; A=1; set +a; B=2',
  'A=1; { B=2; C=$A; } > /dev/null',
  'A="a\\$b\\\\c\\`d\\"e\\qf"; B=\'a\\b\'; C=a\\\\b\\$c',
  'A=one\\\ntwo\nB="one\\\ntwo"',
  'A=\nB="" C=\'\'\nD=$A$B',
  'A=1 true; B=${A:-gone}; C=2 :; ',
  'A="x#y" # comment\n#B=1\nC=a#b',
  'readonly A=1; B=$A; export "C=$B"',
  'A=1; while false; do A=2; done; B=1',
  'A="$$B$C"; B=é"ü"; C=${B%?}',
  'A=a:b; IFS=x; B=$A; C="*"; D=[a]*',
]

const NAMES = ['A', 'B', 'C', 'D', 'E', 'F', 'G']
/** Compares what is known with what `sh` has after the script; returns how many values were. */
function compare(script: string): number {
  let compared = 0
  const probe = NAMES.map(name => `printf '%s\\n' "${name} \${${name}+set} \${${name}}"`)
  const output = execFileSync('sh', ['-c', `${script}\n${probe.join('\n')}\nenv`], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
    .trimEnd()
    .split('\n')
  for (const line of output.slice(0, NAMES.length)) {
    const [, name = '', set, text = ''] = /^(\w) (set)? ?(.*)$/.exec(line) ?? []
    const ours = value(script, name)
    if (ours === undefined) continue
    compared++
    assert.is(ours, set === undefined ? null : text, `${name} of ${JSON.stringify(script)}`)
  }
  const names = output.slice(NAMES.length).flatMap(line => /^([A-G])=/.exec(line)?.[1] ?? [])
  const ours = exported(script).filter(name => NAMES.includes(name))
  // A name that may have been unset is among ours.
  assert.equal(
    names.filter(name => !ours.includes(name)),
    [],
    script,
  )
  return compared
}

test('a virtual environment that is activated sets its own variables alone', () => {
  const script = 'PORT=8000\nsource /srv/venv/bin/activate\n'
  assert.is(value(script, 'PORT'), '8000')
  assert.is(value(script, 'PATH'), undefined)
  assert.is(value('PORT=8000\nsource /srv/settings\n', 'PORT'), undefined)
})

test('a real POSIX shell agrees on whatever is known', () => {
  let compared = 0
  for (const script of SCRIPTS) compared += compare(script)
  assert.ok(compared > SCRIPTS.length * 5, `${compared} values compared`)
})

const NAME = fc.constantFrom(...NAMES)
const TEXT = fc.constantFrom('x', 'a b', '/run/y', '', 'a*b', 'p=q', '-n', '!')
const WORD = fc.oneof(
  TEXT.map(text => `"${text}"`),
  TEXT.map(text => `'${text}'`),
  NAME.map(name => `$${name}`),
  NAME.map(name => `"$${name}/z"`),
  fc
    .tuple(NAME, TEXT, fc.constantFrom(':-', '-', ':+', '+', '=', ':='))
    .map(([name, text, op]) => `"\${${name}${op}${text}}"`),
  fc
    .tuple(NAME, fc.constantFrom('##*/', '#?', '%/*', '%%*', '#a', '%[a-z]'))
    .map(([name, trim]) => `\${${name}${trim}}`),
  fc.constantFrom('plain', '/a$A/b$B.c', '$A$B', 'x\\ y'),
)
const CONDITION = fc.oneof(
  fc
    .tuple(WORD, fc.constantFrom('=', '!='), WORD)
    .map(([a, op, b]) => `[ "${a.replace(/"/g, '')}" ${op} ${b.startsWith('$') ? `"${b}"` : b} ]`),
  fc.tuple(fc.constantFrom('-n', '-z'), NAME).map(([op, name]) => `[ ${op} "$${name}" ]`),
  NAME.map(name => `test "$${name}"`),
  NAME.map(name => `! [ "$${name}" = x ]`),
  fc.constantFrom('true', 'false', ':', '[ -d /usr ]'),
)
const SIMPLE = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(NAME, WORD).map(([name, word]) => `${name}=${word}`) },
  fc.tuple(NAME, WORD).map(([name, word]) => `export ${name}=${word.replace(/^([^"'].*)$/, '"$1"')}`),
  NAME.map(name => `export ${name}`),
  NAME.map(name => `unset ${name}`),
  fc.tuple(NAME, TEXT).map(([name, text]) => `: "\${${name}:=${text}}"`),
  fc
    .tuple(CONDITION, fc.constantFrom('&&', '||'), NAME, WORD)
    .map(([test, op, name, word]) => `${test} ${op} ${name}=${word}`),
)
const STATEMENT = fc.oneof(
  { weight: 3, arbitrary: SIMPLE },
  fc.tuple(CONDITION, SIMPLE, SIMPLE).map(([test, a, b]) => `if ${test}; then\n  ${a}\nelse\n  ${b}\nfi`),
  fc
    .tuple(CONDITION, SIMPLE, CONDITION, SIMPLE)
    .map(([a, b, c, d]) => `if ${a}; then ${b}; elif ${c}; then ${d}; fi`),
  fc
    .tuple(NAME, SIMPLE, SIMPLE)
    .map(([name, a, b]) => `case "$${name}" in\n  x|a*) ${a};;\n  *) ${b};;\nesac`),
  SIMPLE.map(statement => `(${statement})`),
  SIMPLE.map(statement => `{ ${statement}; }`),
  fc.tuple(NAME, SIMPLE).map(([name, statement]) => `for ${name} in 1 2; do ${statement}; done`),
)

test('a real POSIX shell agrees on generated scripts', () => {
  let compared = 0
  fc.assert(
    fc.property(fc.array(STATEMENT, { minLength: 2, maxLength: 7 }), statements => {
      compared += compare(statements.join('\n'))
    }),
    { seed: 20265, numRuns: 120 },
  )
  assert.ok(compared > 500, `${compared} values compared`)
})

test('whatever stands in the file, nothing is thrown', () => {
  const piece = fc.oneof(
    STATEMENT,
    fc.string(),
    fc.constantFrom('if', '${', '$(', '`', '"', "'", '<<E', 'fi', ';;', '\uE000', '&', '|', '\\\n'),
  )
  fc.assert(
    fc.property(fc.array(piece), pieces => {
      shell.parse(textSource('/envvars', pieces.join(' ')))
    }),
    { seed: 20266, numRuns: 400 },
  )
})

test.run()
