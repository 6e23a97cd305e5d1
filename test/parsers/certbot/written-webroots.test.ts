import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { settingWebroots } from '../../../parsers/certbot/written-webroots.ts'
import { webrootsIn } from '../../../src/deployment/acme-challenges.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'

const directories = (text: string) =>
  webrootsIn(textSource('/root/renew.sh', text)).map(each => [each.directory, placeText(each.at)])
const names = (text: string) =>
  webrootsIn(textSource('/root/renew.sh', text)).map(each => [each.directory, ...each.names])

test('the options of certbot, acme.sh and lego', () => {
  assert.equal(directories('certbot certonly --webroot -w /srv/www/ -d example.org\n'), [
    ['/srv/www', '/srv/www/'],
  ])
  assert.equal(
    directories('certbot certonly --webroot \\\n  --webroot-path="/srv/a" -d a.org -w /srv/b -d b.org'),
    [
      ['/srv/a', '/srv/a'],
      ['/srv/b', '/srv/b'],
    ],
  )
  assert.equal(directories('/root/.acme.sh/acme.sh --issue -d example.org --webroot /srv/www'), [
    ['/srv/www', '/srv/www'],
  ])
  assert.equal(directories('lego --http --http.webroot /srv/www run'), [['/srv/www', '/srv/www']])
})

test('the names that are proven there', () => {
  assert.equal(names('certbot certonly --webroot -d a.org,www.A.org -w /srv/a --domain=b.org'), [
    ['/srv/a', 'a.org', 'www.a.org', 'b.org'],
  ])
  assert.equal(names('sudo certbot certonly --webroot -w /srv/a -d a.org -w /srv/b -d b.org'), [
    ['/srv/a', 'a.org'],
    ['/srv/b', 'b.org'],
  ])
  assert.equal(names('DOMAIN=a.org\ncertbot certonly --webroot -w /srv/a -d "$DOMAIN" -d "$OTHER"'), [
    ['/srv/a', 'a.org'],
  ])
})

test('no comments, no containers, no other programs', () => {
  assert.equal(directories('# certbot certonly --webroot -w /srv/www'), [])
  assert.equal(directories('docker run certbot/certbot certonly --webroot -w /srv/www'), [])
  assert.equal(directories('certbot renew; tool -w /srv/www --webroot'), [])
  assert.equal(directories('certbot certonly --webroot -w "$WEBROOT"'), [])
})

test('cli.ini, where files prove the names', () => {
  const read = (text: string) =>
    settingWebroots(textSource('/etc/letsencrypt/cli.ini', text)).map(each => each.directory)
  assert.equal(read('authenticator = webroot\nwebroot-path = /srv/www/\n'), ['/srv/www'])
  assert.equal(read('webroot = True\nwebroot-path=/srv/www\n'), ['/srv/www'])
  assert.equal(read('authenticator = nginx\nwebroot-path = /srv/www\n'), [])
  assert.equal(read('#authenticator = webroot\nwebroot-path = /srv/www\n'), [])
})

test('never throws', () => {
  fc.assert(fc.property(fc.string(), text => void directories(`certbot -w ${text}`)))
})

test.run()
