import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { djangoRanges } from '../../../src/deployment/django/django-version.ts'

const range = (text: string) => djangoRanges(text).map(({ least, below }) => `${least}..${below}`)

test('the major versions that requirements name', () => {
  for (const [text, expected] of [
    ['Django==4.2.7', '4..5'],
    ['django>=4.2,<5', '4..5'],
    ['Django >= 3.2, < 4.0', '3..4'],
    ['django<4.3', 'null..5'],
    ['Django~=5.0', '5..6'],
    ['django[argon2]==5.1', '5..6'],
    ['dependencies = ["django ~= 5.0", "gunicorn"]', '5..6'],
    ['django = "^4.2"', '4..5'],
    ['django = {version = "5.1", extras = ["argon2"]}', '5..6'],
    ['name = "django"\nversion = "5.0.3"', '5..6'],
    ['"django": {"hashes": ["sha256:a"], "version": "==4.2.1"}', '4..5'],
    ["install_requires = ['Django>=4']", '4..null'],
  ] as const)
    assert.equal(range(text), [expected], text)
})

test('no other package is taken for it', () => {
  for (const text of [
    'django-environ==0.11',
    'djangorestframework==3.15',
    'my-django==2.0',
    'Django',
    'name = "django-filter"\nversion = "24.1"',
  ])
    assert.equal(range(text), [], text)
})

test.run()
