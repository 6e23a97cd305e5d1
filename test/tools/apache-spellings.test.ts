import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../src/engine/conf.ts'
import { apacheSpellings } from '../../tools/surroundings/apache-spellings.ts'
import type { Files } from '../../tools/surroundings/files.ts'

const laid = (name: string, files: Files): Files | null => {
  const lay = apacheSpellings[name]
  if (lay === undefined) throw new RangeError(name)
  return lay(files)
}

const siteAs = (name: string, lines: string): string | undefined =>
  laid(name, { 'site.conf': lines })?.['site.conf']

const MAIN = conf`
  ServerRoot /etc/apache2
  LoadModule rewrite_module /usr/lib/apache2/modules/mod_rewrite.so
  Listen 80
  <VirtualHost *:80>
      ServerName example.org
      RewriteEngine On
  </VirtualHost>
`
const main = { 'etc/apache2/apache2.conf': MAIN }

test('names, ends and quotes are written otherwise', () => {
  const site = conf`
    <VirtualHost *:80>
        ServerName example.org
        Alias /static /srv/static
    </VirtualHost>
  `
  assert.is(
    siteAs('apacheSmallNames', site),
    '<virtualhost *:80>\n    servername example.org\n    alias /static /srv/static\n</virtualhost>\n',
  )
  assert.ok(siteAs('apacheContinued', site)?.includes('    Alias /static \\\n            /srv/static\n'))
  assert.ok(siteAs('apacheQuoted', site)?.includes('    Alias "/static" "/srv/static"\n'))
  assert.ok(siteAs('apacheCarriageReturns', site)?.endsWith('</VirtualHost>\r\n'))
})

test('what is no file of Apache, or has nothing of the kind, is no spelling', () => {
  assert.is(laid('apacheTabs', { 'nginx.conf': 'server { listen 80; }\n' }), null)
  assert.is(laid('apacheRedirectMatch', main), null)
  assert.is(
    siteAs('apacheAliasLines', '<VirtualHost *:80>\nServerAlias {{ names }}\n</VirtualHost>\n'),
    undefined,
  )
})

test('lines of a module stand in its condition, where it may be loaded', () => {
  assert.ok(
    laid('apacheIfModuleFile', main)?.['etc/apache2/apache2.conf']?.includes(
      '    <IfModule mod_rewrite.c>\n    RewriteEngine On\n    </IfModule>\n',
    ),
  )
  const unloaded = { 'etc/apache2/apache2.conf': MAIN.replace('RewriteEngine On', 'Header set X-A b') }
  assert.is(laid('apacheIfModuleFile', unloaded), null)
})

test('a virtual host moves into the main server, and into files that it includes', () => {
  assert.ok(
    laid('apacheHostToMain', main)?.['etc/apache2/apache2.conf']?.endsWith(
      'Listen 80\n    ServerName example.org\n    RewriteEngine On\n',
    ),
  )
  assert.equal(Object.keys(laid('apacheRedHat', main) ?? {}), [
    'etc/httpd/conf/httpd.conf',
    'etc/httpd/conf.modules.d/00-base.conf',
    'etc/httpd/conf.d/shop.conf',
  ])
})

test('the one proxied path is written in a section, by a pattern and by a rewrite', () => {
  const site = conf`
    <VirtualHost *:80>
        ProxyPass /shop/ http://127.0.0.1:8000/
    </VirtualHost>
  `
  assert.ok(
    siteAs('apachePassInLocation', site)?.includes(
      '    <Location /shop/>\n        ProxyPass http://127.0.0.1:8000/\n    </Location>\n',
    ),
  )
  assert.ok(
    siteAs('apachePassMatch', site)?.includes('ProxyPassMatch ^/shop/(.*)$ http://127.0.0.1:8000/$1\n'),
  )
  assert.ok(
    siteAs('apachePassByRewrite', site)?.includes(
      'RewriteRule ^/shop/(.*)$ http://127.0.0.1:8000/$1 [P,L]\n',
    ),
  )
  const other = site.replace('ProxyPass', 'ProxyPassMatch ^/a !\n    ProxyPass')
  assert.is(siteAs('apachePassMatch', other), undefined)
})

test('everybody and nobody in the words of 2.2, where all can be said so', () => {
  const denied = MAIN.replace(
    '</VirtualHost>',
    '<Location /a>\nRequire all denied\n</Location>\n</VirtualHost>',
  )
  const written = (text: string): string | undefined =>
    laid('apacheAccessOf22', { 'etc/apache2/apache2.conf': text })?.['etc/apache2/apache2.conf']
  assert.ok(written(denied)?.includes('<Location /a>\nOrder deny,allow\nDeny from all\n</Location>\n'))
  assert.is(
    written(
      denied.replace('</VirtualHost>', '<Location /b>\nRequire valid-user\n</Location>\n</VirtualHost>'),
    ),
    undefined,
  )
  // Behind the main file of a distribution, which denies everything, the words of 2.2 grant nothing.
  assert.is(siteAs('apacheAccessOf22', '<Location /a>\nRequire all granted\n</Location>\n'), undefined)
})

test.run()
