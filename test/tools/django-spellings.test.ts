import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { surroundings } from '../../tools/surroundings/surroundings.ts'

const laid = (name: string, files: Readonly<Record<string, string>>) => {
  const lay = surroundings.get(name)
  if (lay === undefined) throw new RangeError(name)
  return lay(files)
}

const SETTINGS = 'shop/settings.py'

const textOf = (name: string, text: string) => laid(name, { [SETTINGS]: text })?.[SETTINGS]?.trim() ?? null

test('settings are laid into a package, and named as they are called there', () => {
  assert.equal(
    laid('settingsOfProduction', {
      [SETTINGS]:
        'from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\nDEBUG = False\n',
      'shop/wsgi.py': 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n',
    }),
    {
      'shop/settings/__init__.py': '',
      'shop/settings/base.py':
        'from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent.parent\n',
      'shop/settings/production.py': 'from .base import *\n\nDEBUG = False\n\n',
      'shop/wsgi.py': 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.production")\n',
    },
  )
  assert.is(laid('settingsPackage', { [SETTINGS]: 'HERE = __file__\n' }), null)
})

test('a condition that holds is put around what is for the server', () => {
  assert.is(
    textOf('settingsUnlessDebug', 'ROOT_URLCONF = "shop.urls"\nSECURE_SSL_REDIRECT = True\n'),
    'ROOT_URLCONF = "shop.urls"\nDEBUG = False\n\nif not DEBUG:\n    SECURE_SSL_REDIRECT = True',
  )
  assert.is(textOf('settingsUnlessDebug', 'DEBUG = True\nSECURE_SSL_REDIRECT = True\n'), null)
})

test('values are read of the environment, and their defaults are what they were', () => {
  assert.is(
    textOf('settingsGetenv', 'DEBUG = True\nALLOWED_HOSTS = ["a", "b"]\nINSTALLED_APPS = ["c"]\n'),
    'import os\nDEBUG = os.getenv("OUR_DEBUG", "True").lower() in ("true", "1", "yes")\nALLOWED_HOSTS = os.getenv("OUR_ALLOWED_HOSTS", "a,b").split(",")\nINSTALLED_APPS = ["c"]',
  )
  const decoupled = laid('dotenvDecouple', { [SETTINGS]: 'DEBUG = True\n' })
  assert.is(decoupled?.['.env'], 'OUR_DEBUG=True\n')
  assert.ok(decoupled?.[SETTINGS]?.endsWith('DEBUG = config("OUR_DEBUG", cast=bool)\n'))
})

test('routes become patterns', () => {
  const urls = (text: string) => laid('urlPatterns', { 'shop/urls.py': text })?.['shop/urls.py']
  assert.is(
    urls(
      'from django.urls import path\nurlpatterns = [path("a/<int:b>/", c), path("d.xml", e), path("f/", include("g"))]\n',
    ),
    'from django.urls import path, re_path\nurlpatterns = [re_path(r"^a/(?P<b>[0-9]+)/$", c), re_path(r"^d\\.xml$", e), re_path(r"^f/", include("g"))]\n',
  )
  assert.is(urls('urlpatterns = [path("<uuid:b>/", c)]\n'), undefined)
})

test.run()
