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

test('nor one of the words that findings are said in', () => {
  const settings = toSource('/app.env', 'JOB_TOKEN=processes\nAPI_SECRET=variable\n')
  const { message, code } = redactor(() => [settings])
  assert.is(message('write it as a variable'), 'write it as a variable')
  assert.is(code('WSGIDaemonProcess a processes=1'), 'WSGIDaemonProcess a processes=1')
})

test('nor a text for people, nor the key of a map', () => {
  const lines = 'tokens_help: |\n  Any old tokens or URLs will do\nsecretKeyRef:\n  name: mdn-secrets\n'
  const { message } = redactor(() => [toSource('/app.yml', lines)])
  assert.is(message('never gets to these URLs, of the name: x'), 'never gets to these URLs, of the name: x')
})

test('a password that is the name of the account too, or an address, is left where it names something else', () => {
  const compose = 'POSTGRES_USER: bookshelf\nPOSTGRES_PASSWORD: bookshelf\nSECRET_HOST: 0.0.0.0\n'
  const { message } = redactor(() => [toSource('/docker-compose.yml', compose)])
  assert.is(message('`legacy.bookshelf.org` on 0.0.0.0:80'), '`legacy.bookshelf.org` on 0.0.0.0:80')
})

test('nor is one hidden that directories, files or hosts are called by', () => {
  const environment = toSource('/srv/app/.env', 'DB_PASSWORD=bluebonnet\nAPI_PASSWORD=swordfish\n')
  const said = (other: string, path = '/etc/nginx/site.conf'): string =>
    redactor(() => [environment, toSource(path, other)]).message('`/srv/bluebonnet/static` and swordfish')
  for (const lines of ['root /srv/bluebonnet/current;\n', 'server_name bluebonnet.example.org;\n'])
    assert.is(said(lines), '`/srv/bluebonnet/static` and *********')
  assert.is(said('listen 80;\n', '/etc/nginx/bluebonnet.conf'), '`/srv/bluebonnet/static` and *********')
  for (const lines of ['listen 80;\n', 'proxy_pass http://u:bluebonnet@10.0.0.1;\n'])
    assert.is(said(lines), '`/srv/**********/static` and *********')
})

test.run()
