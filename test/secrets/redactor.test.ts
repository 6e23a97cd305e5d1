import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toSource } from '../../src/files/to-source.ts'
import { redactor } from '../../src/secrets/redactor.ts'

function said(secret: string, message: string): string {
  return redactor(() => [toSource('/etc/app.conf', `password = ${secret}\n`)]).message(message)
}

test('a secret of a file is hidden wherever it turns up', () => {
  assert.is(said('Tr0mbone', 'the log shows Tr0mbone twice'), 'the log shows ******** twice')
  assert.is(said('swordfish', 'the log shows swordfish'), 'the log shows *********')
})

test('a word that is a password somewhere is left in a sentence', () => {
  assert.is(said('Upgrade', '`Upgrade` is not passed on'), '`Upgrade` is not passed on')
  assert.is(said('admin', 'the name admin'), 'the name admin')
  assert.is(said('directory', 'another directory than that'), 'another directory than that')
})

test('a password that is the name of the account too, or an address, is left where it names something else', () => {
  const compose = 'POSTGRES_USER: bookshelf\nPOSTGRES_PASSWORD: bookshelf\nSECRET_HOST: 0.0.0.0\n'
  const { message } = redactor(() => [toSource('/docker-compose.yml', compose)])
  assert.is(message('`legacy.bookshelf.org` on 0.0.0.0:80'), '`legacy.bookshelf.org` on 0.0.0.0:80')
})

test.run()
