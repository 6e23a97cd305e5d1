import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isComposeFile } from '../../src/files/dockerfiles.ts'

test('a compose file is known by its name, with whatever tells it from others', () => {
  for (const name of [
    'compose.yaml',
    'docker-compose.yml',
    '.docker-compose.yml',
    'docker-compose.prod.yml',
    'docker-compose-dev.yaml',
    'docker-compose56.yml',
    'compose_prod.yaml',
  ])
    assert.ok(isComposeFile(`/r/${name}`), name)
  for (const name of ['composer.yml', 'docker-composed.yml', 'decompose.yml', 'compose.json'])
    assert.not.ok(isComposeFile(`/r/${name}`), name)
})

test.run()
