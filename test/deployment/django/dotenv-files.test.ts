import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPythonParser } from '../../../parsers/python/load-python-parser.ts'
import { dotenvVariables, settingsOfProgram } from '../../../src/deployment/django/dotenv-files.ts'
import { sourceAt } from '../../../src/files/file-system.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { textSource } from '../../../parsers/text/source.ts'

const grammars = grammarFiles()
const parser = await loadPythonParser({ runtime: grammars.runtime, grammar: grammars.python })

const DOTENV = 'DEBUG=True\nHOSTS="a,b"\nODD=a#b\nTWICE=1\nTWICE=2\n'

/** What a module at `/opt/shop/shop/settings.py` has read, with a file of variables beside the package. */
function variables(code: string, dotenv = '/opt/shop/.env') {
  const path = '/opt/shop/shop/settings.py'
  const files = memoryFileSystem({ [path]: code, [dotenv]: DOTENV })
  const source = sourceAt(files, path)
  if (source === null) throw new RangeError(path)
  const found = dotenvVariables(files, parser, [{ path, source }])
  return found === null ? null : Object.fromEntries(found)
}

test('the file that a library reads is found, by its path or above the module', () => {
  const all = { DEBUG: 'True', HOSTS: 'a,b', ODD: undefined, TWICE: undefined }
  for (const code of [
    'from dotenv import load_dotenv\nload_dotenv()\n',
    'from dotenv import load_dotenv, find_dotenv\nload_dotenv(find_dotenv())\n',
    'from decouple import config\n',
    'import environ\nfrom pathlib import Path\nBASE = Path(__file__).resolve().parent.parent\nenviron.Env.read_env(BASE / ".env")\n',
    'import environ, os\nenv = environ.Env()\nenv_file = "/opt/shop/.env"\nif os.path.isfile(env_file):\n    env.read_env(env_file)\n',
    'from environs import Env\nenv = Env()\nenv.read_env()\n',
  ])
    assert.equal(variables(code), all, code)
  const beside = 'import environ\nenviron.Env.read_env()\n'
  // All of the file system is known there.
  assert.equal(variables(beside), {})
  assert.equal(variables(beside, '/opt/shop/shop/.env'), all)
})

test('what is not seen to be read, or may hold something else, is unknown', () => {
  for (const code of [
    'from dotenv import load_dotenv\nload_dotenv(nobody)\n',
    'from dotenv import load_dotenv\nload_dotenv(override=True)\n',
    'from dotenv import load_dotenv\nif nobody:\n    load_dotenv()\n',
    'from dotenv import load_dotenv\ndef load():\n    load_dotenv()\n',
    'from decouple import Config, RepositoryEnv\nconfig = Config(RepositoryEnv(".env"))\n',
    'import dynaconf\n',
  ])
    assert.is(variables(code), null, code)
})

test('variables of the process come before those of a file, and those that the script sets are unknown', () => {
  const files = memoryFileSystem({
    '/opt/shop/settings.py':
      'from decouple import config\nA = config("DEBUG")\nB = config("HOSTS")\nC = config("NOBODY", default="c")\nD = config("SET", default="d")\n',
    '/opt/.env': DOTENV,
  })
  const { settings, loadsInside } = settingsOfProgram({
    files,
    parser,
    module: 'shop.settings',
    directories: ['/opt'],
    ofProcess: name => (name === 'HOSTS' ? 'c' : null),
    script: textSource('wsgi.py', 'import os\nos.environ["SET"] = "x"\n'),
    loadingBefore: [],
  })
  assert.ok(loadsInside)
  const values = ['A', 'B', 'C', 'D'].map(name => {
    const fact = settings?.get(name)
    return fact?.known === true ? fact.value : undefined
  })
  assert.equal(values, ['True', 'c', 'c', undefined])
})

test.run()
