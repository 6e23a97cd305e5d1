import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { evaluateExpression } from '../../../parsers/python/evaluate-expression.ts'
import { loadPythonParser } from '../../../parsers/python/load-python-parser.ts'
import type { PythonExpression } from '../../../parsers/python/python-module.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'

const grammars = grammarFiles()
const parser = await loadPythonParser({ runtime: grammars.runtime, grammar: grammars.python })
const parse = (text: string) => parser.parse(textSource('/settings.py', text))

function value(text: string): PythonExpression {
  const [statement] = parse(`X = ${text}\n`).statements
  if (statement?.kind !== 'assignment') throw new Error(`no assignment: ${text}`)
  return statement.value
}

/** The expression without its offsets, as short as can be. */
function plain(expression: PythonExpression): unknown {
  switch (expression.kind) {
    case 'string':
    case 'number':
    case 'boolean':
      return expression.value
    case 'none':
      return null
    case 'list':
      return expression.items.map(plain)
    case 'dict':
      return Object.fromEntries(
        expression.entries.map(({ key, value }) => [String(plain(key)), plain(value)]),
      )
    case 'name':
      return { name: expression.name }
    case 'call':
      return { call: expression.callee, args: expression.args.map(plain) }
    case 'binary':
      return [plain(expression.left), expression.operator, plain(expression.right)]
    default:
      return { kind: expression.kind }
  }
}

test('literals are values', () => {
  assert.equal(
    ['True', 'None', '10_000', '2.5', '"a\\n"', "r'\\d'", "'a' 'b'", "['a', ('b',)]", "{'a': 1}"].map(text =>
      plain(value(text)),
    ),
    [true, null, 10000, 2.5, 'a\n', '\\d', 'ab', ['a', ['b']], { a: 1 }],
  )
})

test('what the interpreter alone knows is unknown, or a call or name that says so', () => {
  assert.equal(plain(value('f"{x:>3}"')), { kind: 'unknown' })
  assert.equal(plain(value('f"{x!r}"')), { kind: 'unknown' })
  assert.equal(plain(value('f"{{x}}"')), { kind: 'unknown' })
  assert.equal(plain(value('rf"{x}"')), { kind: 'unknown' })
  assert.equal(plain(value('b"x"')), { kind: 'unknown' })
  assert.equal(plain(value('[a for b in c for d in e]')), { kind: 'unknown' })
  assert.equal(plain(value("os.environ.get('A', 'b')")), { call: 'os.environ.get', args: ['A', 'b'] })
  assert.equal(plain(value("BASE_DIR / 'static'")), [{ name: 'BASE_DIR' }, '/', 'static'])
})

test('a formatted string is the sum that it stands for', () => {
  assert.equal(plain(value('f"{host}:{80}"')), [
    [['', '+', { call: 'str', args: [{ name: 'host' }] }], '+', ':'],
    '+',
    { call: 'str', args: [80] },
  ])
})

test('values: names, numbers, the environment', () => {
  const environment = (name: string) => (name === 'PORT' ? '81' : name === 'SECRET' ? undefined : null)
  const lookup = (name: string) => (name === 'host' ? '::' : undefined)
  const evaluate = (text: string) => evaluateExpression(value(text), { lookup, file: '/x.py', environment })
  assert.is(evaluate('f"[{host}]:{80}"'), '[::]:80')
  assert.is(evaluate('int(os.environ.get("PORT", 80)) + 1'), 82)
  assert.is(evaluate('os.getenv("NOBODY", "0.0.0.0:8000")'), '0.0.0.0:8000')
  assert.is(evaluate('os.getenv("NOBODY")'), null)
  assert.is(evaluate('os.environ["PORT"]'), '81')
  assert.is(evaluate('os.environ.get("PORT") == "81"'), true)
  assert.is(evaluate('os.environ.get("PORT", "").lower() in ("true", "1")'), false)
  assert.is(evaluate('os.environ.get("PORT") == 81'), false)
  assert.is(evaluate('os.environ.get("NOBODY") == "True"'), false)
  assert.is(evaluate('True == 1'), true)
  assert.is(evaluate('"80" in os.environ.get("PORT")'), false)
  assert.is(evaluate('"NOBODY" not in os.environ'), true)
  assert.is(evaluate('os.getenv("NOBODY") is None'), true)
  assert.is(evaluate('not os.getenv("SECRET")'), undefined)
  assert.is(evaluate('os.getenv("NOBODY") or "a"'), 'a')
  assert.is(evaluate('os.getenv("SECRET") or "a"'), undefined)
  assert.is(evaluate('True and ""'), '')
  assert.is(evaluate('"a" if host else nobody'), 'a')
  assert.is(evaluate('bool(strtobool(os.getenv("NOBODY", "off")))'), false)
  assert.is(evaluate('Path("/a/b/c").parents[1]'), '/a')
  assert.equal(evaluate('[*["a"], "b", *nobody]'), ['a', 'b', undefined])
  assert.equal(evaluate('[x.strip() for x in os.getenv("NOBODY", "a, b,").split(",") if x]'), ['a', 'b'])
  assert.is(evaluate('[x for x in ["a"] if nobody]'), undefined)
  assert.equal(evaluate('list(map(str.strip, "a, b".split(",")))'), ['a', 'b'])
  assert.equal(evaluate('list(filter(None, "a,,b".split(",")))'), ['a', 'b'])
  assert.is(evaluate('os.environ.get("SECRET") == "81"'), undefined)
  assert.equal(evaluate('os.environ.get("HOSTS", "a, b").split(",")'), ['a', ' b'])
  assert.equal(evaluate('" a  b ".split()'), ['a', 'b'])
  assert.equal(evaluate('"".split(",")'), [''])
  assert.is(evaluate('os.environ.get("SECRET", "a").split(",")'), undefined)
  assert.is(evaluate('os.environ["NOBODY"]'), undefined)
  assert.is(evaluate('os.environ.get("SECRET", "x")'), undefined)
  assert.is(evaluate('f"{nobody}"'), undefined)
  assert.is(evaluate('int("x")'), undefined)
  assert.is(evaluate('str(1)'), '1')
  assert.is(evaluateExpression(value('os.getenv("A", "b")'), { lookup, file: '/x.py' }), undefined)
})

test('a method call carries what it is called on', () => {
  const call = value('Path(__file__).resolve().parent')
  assert.is(call.kind, 'attribute')
})

test('assignments to items and attributes have a name', () => {
  const targets = parse(
    `import os, sys\nos.environ['DJANGO_SETTINGS_MODULE'] = 'a.b'\nsys.stdout = sys.stderr\na = b = 1\nc, d = 1, 2\nA += ['x']\n`,
  )
    .statements.filter(statement => statement.kind === 'assignment')
    .map(statement => (statement.kind === 'assignment' ? statement.target : ''))
  assert.equal(targets, ['os.environ[DJANGO_SETTINGS_MODULE]', 'sys.stdout', 'b', 'a', 'c', 'd', 'A'])
})

test('what stands in an if or a try may run or not; functions are not the module', () => {
  const { statements } = parse(
    `try:\n    from .local import *\nexcept ImportError:\n    pass\nif X:\n    DEBUG = True\nelse:\n    DEBUG = False\ndef f():\n    SECRET = 1\n`,
  )
  assert.equal(
    statements.map(statement => [statement.kind, statement.conditional]),
    [
      ['import', true],
      ['assignment', true],
      ['assignment', true],
      ['definition', false],
    ],
  )
})

test('offsets count UTF-16 units', () => {
  const text = "NAME = 'ü😀'\nDEBUG = True\n"
  const statement = parse(text).statements[1]
  assert.is(text.slice(statement?.start, statement?.end), 'DEBUG = True')
})

test('a file that is not Python is read as far as it goes', () => {
  const module = parse('DEBUG = True\nprint "x"\n)(\n')
  assert.ok(module.broken)
  assert.is(module.statements[0]?.kind, 'assignment')
})

test.run()
