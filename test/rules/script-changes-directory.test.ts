import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runIn } from '../cli/harness.ts'
import { scratchTree } from '../files/scratch-tree.ts'

const project = (lines: string): Readonly<Record<string, string>> => ({
  'bin/run.sh': `#!/bin/sh\n${lines}\n`,
  'shop/manage.py': 'import os\n',
  'shop/shop/__init__.py': '',
  'shop/shop/wsgi.py':
    'from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n',
})

async function found(lines: string): Promise<readonly string[]> {
  const { out } = await runIn(scratchTree(project(lines)), [
    '--only',
    'app-server/application-not-found',
    '-f',
    'json',
    '.',
  ])
  return JSON.parse(out).findings.map(({ message }: { message: string }) => message)
}

test('a script changes to the directory of the project, or is started there', async () => {
  assert.equal(await found('cd shop\ngunicorn shop.wsgi:application'), [])
  assert.equal(await found('gunicorn shop.wsgi:application'), [])
  assert.equal(await found('cd /srv/shop\ngunicorn shop.wsgi:application'), [])
})

test('a name that the module lacks, there', async () => {
  const [message = ''] = await found('cd shop\ngunicorn shop.wsgi:app')
  assert.match(message, 'has no `app`')
})

test.run()
