import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadPythonParser } from '../../../parsers/python/load-python-parser.ts'
import { readScript } from '../../../src/deployment/django/read-script.ts'
import { readSettings } from '../../../src/deployment/django/read-settings.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import { textSource } from '../../../parsers/text/source.ts'

const grammars = grammarFiles()
const parser = await loadPythonParser({ runtime: grammars.runtime, grammar: grammars.python })
const read = (files: Record<string, string>, module = 'shop.settings') => {
  const settings = readSettings(memoryFileSystem(files), parser, module, ['/opt'])
  if (settings === null) throw new Error('no settings')
  return (name: string) => {
    const fact = settings.get(name)
    return fact === null ? 'unset' : fact.known ? fact.value : 'unknown'
  }
}

test('a list is known behind the methods that lengthen it, and not behind others', () => {
  const get = read({
    '/opt/shop/settings.py': `MIDDLEWARE = ['a']
MIDDLEWARE.insert(0, 'first')
MIDDLEWARE.append('last')
MIDDLEWARE.extend(['b', 'c'])
MORE = ['a']
MORE.insert(MORE.index('a'), 'b')
LESS = ['a', 'b']
LESS.remove('a')
SOME = ['a']
if LESS:
    SOME.append('b')
`,
  })
  assert.equal(get('MIDDLEWARE'), ['first', 'a', 'last', 'b', 'c'])
  for (const name of ['MORE', 'LESS', 'SOME']) assert.is(get(name), 'unknown')
})

test('literals and path arithmetic are known, the environment is not', () => {
  const get = read({
    '/opt/shop/settings.py': `import os
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
STATIC_ROOT = BASE_DIR / 'static'
MEDIA_ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'media')
DEBUG = False
ALLOWED_HOSTS = ['a.example.org', os.environ['HOST']]
SECRET_KEY = os.environ['SECRET_KEY']
INSTALLED_APPS = ['one'] + ['two']
INSTALLED_APPS += ['three']
SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')
`,
  })
  assert.is(get('BASE_DIR'), '/opt')
  assert.is(get('STATIC_ROOT'), '/opt/static')
  assert.is(get('MEDIA_ROOT'), '/opt/shop/media')
  assert.is(get('DEBUG'), false)
  assert.equal(get('ALLOWED_HOSTS'), ['a.example.org', undefined])
  assert.is(get('SECRET_KEY'), 'unknown')
  assert.equal(get('INSTALLED_APPS'), ['one', 'two', 'three'])
  assert.equal(get('SECURE_PROXY_SSL_HEADER'), ['HTTP_X_FORWARDED_PROTO', 'https'])
  assert.is(get('USE_TZ'), 'unset')
})

test('what a library reads of the environment is known where the variable is', () => {
  const environment = (name: string): string | undefined =>
    ({ DEBUG: 'on', HOSTS: 'a.example.org,b.example.org', DATABASE_URL: 'postgres://shop@db/shop' })[name]
  const get = (text: string, name: string): unknown => {
    const files = memoryFileSystem({
      '/opt/shop/settings.py': text,
      '/opt/shop/base.py': 'import environ\nenv = environ.Env(DEBUG=(bool, False))\n',
    })
    const fact = readSettings(files, parser, 'shop.settings', ['/opt'], environment)?.get(name)
    return fact?.known === true ? fact.value : 'unknown'
  }
  assert.is(get('from .base import env\nDEBUG = env("DEBUG")\n', 'DEBUG'), true)
  assert.is(get('from .base import *\nDEBUG = env("DEBUG")\n', 'DEBUG'), true)
  assert.equal(get('from decouple import config as c, Csv\nH = c("HOSTS", cast=Csv())\n', 'H'), [
    'a.example.org',
    'b.example.org',
  ])
  assert.is(get('from environs import Env\nenv = Env()\nDEBUG = env.bool("DEBUG", False)\n', 'DEBUG'), true)
  assert.is(get('from decouple import AutoConfig\nc = AutoConfig()\nD = c("DEBUG", cast=bool)\n', 'D'), true)
  assert.equal(
    get('import dj_database_url\nD = {"default": dj_database_url.config()}\n', 'D'),
    new Map([
      [
        'default',
        new Map<string, unknown>([
          ['ENGINE', 'django.db.backends.postgresql'],
          ['NAME', 'shop'],
          ['USER', 'shop'],
          ['PASSWORD', ''],
          ['HOST', 'db'],
          ['PORT', ''],
        ]),
      ],
    ]),
  )
  // A function of the project's own that has the name, a library that may not be there, a type that nobody knows.
  assert.is(get('from x import env\nDEBUG = env("DEBUG")\n', 'DEBUG'), 'unknown')
  assert.is(get('from .base import env\nenv = other\nDEBUG = env("DEBUG")\n', 'DEBUG'), 'unknown')
  assert.is(get('from decouple import config\ndef config(a): pass\nD = config("DEBUG")\n', 'D'), 'unknown')
  assert.is(get('from decouple import config\nD = config("DEBUG", cast=Own())\n', 'D'), 'unknown')
  assert.is(get('from decouple import config\nD = config("NOBODY", default="a")\n', 'D'), 'unknown')
})

test('a condition makes a value unknown', () => {
  const get = read({ '/opt/shop/settings.py': 'DEBUG = False\nif x:\n    DEBUG = True\n' })
  assert.is(get('DEBUG'), 'unknown')
})

test('a star import brings its names, and one that is not there may bring any', () => {
  const get = read({
    '/opt/shop/settings/__init__.py': 'from .base import *\nDEBUG = False\n',
    '/opt/shop/settings/base.py': "DEBUG = True\nTIME_ZONE = 'UTC'\n",
  })
  assert.is(get('DEBUG'), false)
  assert.is(get('TIME_ZONE'), 'UTC')
  const open = read({ '/opt/shop/settings.py': 'DEBUG = True\nfrom .local import *\nUSE_TZ = True\n' })
  assert.is(open('DEBUG'), 'unknown')
  assert.is(open('USE_TZ'), true)
  assert.is(open('OTHER'), 'unknown')
})

test('modules that import each other end', () => {
  const get = read({
    '/opt/shop/settings.py': 'from shop.other import *\nA = 1\n',
    '/opt/shop/other.py': 'from shop.settings import *\nB = 2\n',
  })
  assert.is(get('A'), 1)
  assert.is(get('B'), 2)
})

test('a module outside the root is no settings', () => {
  assert.is(readSettings(memoryFileSystem({}), parser, 'shop.settings', ['/opt']), null)
})

test('a script names its settings and its path', () => {
  const script = readScript(
    parser,
    textSource(
      '/opt/shop/wsgi.py',
      `import os, sys
sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
`,
    ),
  )
  assert.is(script.settingsModule?.name, 'shop.settings')
  assert.is(script.settingsModule?.how, 'setdefault')
  assert.equal(script.path, ['/opt'])
  assert.ok(script.names.has('application'))
  assert.not.ok(script.open)
})

test('the configuration of Flask is known by each way to set it', () => {
  const script = readScript(
    parser,
    textSource(
      '/opt/shop/app.py',
      `app = Flask(__name__)
app.config["A"] = 1
app.config.update(B=2, C=nobody)
app.config.from_mapping({"D": 3})
if x:
    app.config.update(A=4)
`,
    ),
  )
  const values = ['A', 'B', 'C', 'D', 'E'].map(name => {
    const fact = script.config.get(name)
    return fact === undefined ? 'unset' : fact.known ? fact.value : 'unknown'
  })
  assert.equal(values, ['unknown', 2, 'unknown', 3, 'unset'])
})

test('the expression of a setting is that of the one line that surely holds', () => {
  const texts = {
    '/opt/shop/base.py': 'A = ["a"]\nB = 1\n',
    '/opt/shop/settings.py':
      'from .base import *\nB = 2\nC = 3\nif nobody():\n    C = 4\nD = []\nD.append(1)\n',
  }
  const settings = readSettings(memoryFileSystem(texts), parser, 'shop.settings', ['/opt'])
  const found = (name: string) => {
    const assigned = settings?.expressionOf(name) ?? null
    if (assigned === null) return null
    const { source, expression } = assigned
    return `${source.path} ${source.text.slice(expression.start, expression.end)}`
  }
  assert.equal(['A', 'B', 'C', 'D', 'E'].map(found), [
    '/opt/shop/base.py ["a"]',
    '/opt/shop/settings.py 2',
    null,
    null,
    null,
  ])
})

test('a condition that is known decides, and only such a one', () => {
  const texts = {
    '/opt/shop/base.py': `DEBUG = False
if DEBUG:
    HOSTS = ["*"]
    INNER = 1
elif not DEBUG:
    DEBUG = True
    HOSTS = ["a"]
    HOSTS += ["b"]
    if nobody():
        MAYBE = 1
    else:
        OTHER = 1
else:
    HOSTS = []
for _ in [1]:
    if DEBUG:
        LOOPED = 1
if os.getenv("MODE", "live") == "live":
    from .live import *
else:
    from .nobody import *
`,
    '/opt/shop/live.py': 'CACHE = "/a"\n',
  }
  const settings = readSettings(memoryFileSystem(texts), parser, 'shop.base', ['/opt'], () => null)
  const found = (name: string) => {
    const fact = settings?.get(name) ?? null
    return fact === null ? null : fact.known ? fact.value : fact.reason
  }
  assert.equal(['DEBUG', 'HOSTS', 'INNER', 'MAYBE', 'OTHER', 'LOOPED', 'CACHE'].map(found), [
    true,
    ['a', 'b'],
    null,
    'a condition decides',
    'a condition decides',
    'a condition decides',
    '/a',
  ])
})

test('an item that is set later changes the dictionary, or leaves it unknown', () => {
  const texts = {
    '/opt/shop/base.py':
      'CACHES = {"default": {"LOCATION": "redis://127.0.0.1"}}\nMAIL = {"a": "b"}\nTEMPLATES = [{"DIRS": []}]\n',
    '/opt/shop/settings.py':
      'from .base import *\nCACHES["default"]["LOCATION"] = "redis://cache"\nMAIL[name] = "c"\nTEMPLATES[0]["DIRS"] = ["x"]\n',
  }
  const settings = readSettings(memoryFileSystem(texts), parser, 'shop.settings', ['/opt'])
  const caches = settings?.get('CACHES')
  assert.equal(
    caches?.known === true ? caches.value : null,
    new Map([['default', new Map([['LOCATION', 'redis://cache']])]]),
  )
  assert.is(settings?.get('MAIL')?.known, false)
  assert.is(settings?.get('TEMPLATES')?.known, false)
})

test.run()
