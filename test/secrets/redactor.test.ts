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

test('nor is one hidden that directories, files or hosts are called by', () => {
  const environment = toSource('/srv/app/.env', 'DB_PASSWORD=storefront\nAPI_PASSWORD=swordfish\n')
  const said = (other: string, path = '/etc/nginx/site.conf'): string =>
    redactor(() => [environment, toSource(path, other)]).message('`/srv/storefront/static` and swordfish')
  for (const lines of ['root /srv/storefront/current;\n', 'server_name storefront.example.org;\n'])
    assert.is(said(lines), '`/srv/storefront/static` and *********')
  assert.is(said('listen 80;\n', '/etc/nginx/storefront.conf'), '`/srv/storefront/static` and *********')
  for (const lines of ['listen 80;\n', 'proxy_pass http://u:storefront@10.0.0.1;\n'])
    assert.is(said(lines), '`/srv/**********/static` and *********')
})

test.run()
