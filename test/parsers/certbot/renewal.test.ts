import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readRenewal } from '../../../parsers/certbot/renewal.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'

const read = (text: string, path = '/etc/letsencrypt/renewal/example.org.conf') =>
  readRenewal(textSource(path, text))

test('names and directories of the map', () => {
  const { authenticator, webroots, name } = read(`# renew_before_expiry = 30 days
version = 2.1.0
cert = /etc/letsencrypt/live/example.org/cert.pem
[renewalparams]
account = 0123
authenticator = webroot   # as asked for
webroot_path = /srv/www,
[[webroot_map]]
Example.org = /srv/www/
"www.example.org" = "/srv/other"
# gone.example.org = /srv/www
`)
  assert.is(name, 'example.org')
  assert.is(authenticator, 'webroot')
  assert.equal(
    webroots.map(({ name, directory }) => [name, directory]),
    [
      ['example.org', '/srv/www'],
      ['www.example.org', '/srv/other'],
    ],
  )
  assert.is(placeText(webroots[0]!.at), 'Example.org')
})

test('without a map the name of the certificate and webroot_path stand for it', () => {
  const text = '[renewalparams]\nauthenticator = webroot\nwebroot_path = /srv/acme, /srv/b\n[[webroot_map]]\n'
  const { webroots, name } = read(text, '/etc/letsencrypt/renewal/example.org-0001.conf')
  assert.is(name, 'example.org-0001')
  assert.equal(
    webroots.map(({ name, directory }) => [name, directory]),
    [['example.org', '/srv/acme']],
  )
  assert.equal(read(text, '/etc/letsencrypt/renewal/mine.conf').webroots, [])
})

test('another authenticator, and none', () => {
  assert.is(read('[renewalparams]\nauthenticator = nginx\n').authenticator, 'nginx')
  assert.is(read('authenticator = webroot\n').authenticator, null)
})

test('what answers for a person, and what is not renewed', () => {
  const { hasAuthHook, isRenewed } = read(
    '[renewalparams]\nauthenticator = manual\nmanual_auth_hook = /root/dns.sh\n',
  )
  assert.is(hasAuthHook, true)
  assert.is(isRenewed, true)
  const other = read('[renewalparams]\nauthenticator = manual\nmanual_auth_hook = None\nautorenew = False\n')
  assert.is(other.hasAuthHook, false)
  assert.is(other.isRenewed, false)
})

test('hooks, the port, and what installs', () => {
  const { hooks, httpPort, installer, authenticatorAt } = read(`[renewalparams]
authenticator = standalone # for now
installer = None
http01_port = 8888
pre_hook = systemctl stop nginx
renew_hook = "systemctl reload nginx"  # all of them
post_hook = None
`)
  assert.equal(
    hooks.map(({ when, command }) => [when, command]),
    [
      ['pre', 'systemctl stop nginx'],
      ['deploy', 'systemctl reload nginx'],
    ],
  )
  assert.is(placeText(hooks[0]!.at), 'systemctl stop nginx')
  assert.is(placeText(authenticatorAt!), 'standalone')
  assert.is(httpPort, 8888)
  assert.is(installer, null)
})

test('never throws', () => {
  fc.assert(fc.property(fc.string(), text => void read(text)))
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('[', ']', '=', '"', ',', '#', '\n', 'a', ' ', '/')),
      parts => void read(parts.join('')),
    ),
  )
})

test.run()
