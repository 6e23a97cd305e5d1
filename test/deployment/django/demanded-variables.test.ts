import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPythonParser } from '../../../parsers/python/load-python-parser.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { demandedVariables } from '../../../src/deployment/django/demanded-variables.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'

const { runtime, python: grammar } = grammarFiles()
const python = await loadPythonParser({ runtime, grammar })

const names = (text: string): readonly string[] =>
  demandedVariables(python.parse(textSource('/settings.py', text))).map(({ name }) => name)

test('a subscript of the environment, wherever it stands in a value', () => {
  assert.equal(names('A = os.environ["A"]\n'), ['A'])
  assert.equal(names('A = {"x": [os.environ["A"], 1]}\n'), ['A'])
  assert.equal(names('A = int(os.environ["A"])\n'), ['A'])
  assert.equal(names('A = os.environ["A"].split(",")\n'), ['A'])
  assert.equal(names('A = "x" + environ["A"]\n'), ['A'])
})

test('nothing that has a default, a condition or a value of the module', () => {
  assert.equal(names('A = os.environ.get("A")\n'), [])
  assert.equal(names('A = os.getenv("A", "x")\n'), [])
  assert.equal(names('if x:\n    A = os.environ["A"]\n'), [])
  assert.equal(names('os.environ["A"] = "x"\nB = os.environ["A"]\n'), [])
  assert.equal(names('os.environ.setdefault("A", "x")\nB = os.environ["A"]\n'), [])
})

test.run()
