import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readAcmeShDomain } from '../../../parsers/certbot/acme-sh.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'

const read = (text: string) =>
  readAcmeShDomain(textSource('/root/.acme.sh/example.org/example.org.conf', text))

test('names, webroot, and what is run', () => {
  const { name, webroots, fullChain, certificate, reload } = read(`Le_Domain='Example.org'
Le_Alt='www.example.org,no'
Le_Webroot='/srv/www/'
Le_RealFullChainPath='/etc/nginx/tls/example.org.pem'
Le_RealCertPath=''
Le_ReloadCmd=''
`)
  assert.is(name, 'Example.org')
  assert.equal(
    webroots.map(each => [each.name, each.directory]),
    [
      ['example.org', '/srv/www'],
      ['www.example.org', '/srv/www'],
    ],
  )
  assert.is(placeText(webroots[0]!.at), "Le_Webroot='/srv/www/'")
  assert.is(fullChain, '/etc/nginx/tls/example.org.pem')
  assert.is(certificate, null)
  assert.is(reload?.command, '')
})

test('DNS has no directory, and any hook may reload', () => {
  const { webroots, reload } = read(
    `Le_Domain='example.org'\nLe_Webroot='dns_cf'\nLe_ReloadCmd=''\nLe_RenewHook='/root/after.sh'\n`,
  )
  assert.equal(webroots, [])
  assert.is(reload?.command, '/root/after.sh')
  assert.is(read(`Le_Domain='example.org'\n`).reload, null)
})

test('never throws', () => {
  fc.assert(fc.property(fc.string(), text => void read(text)))
})

test.run()
