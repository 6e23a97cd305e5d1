import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askedHosts, askHost, originOf, urlOfDirectory } from '../../../src/deployment/requests/ask-host.ts'
import { EXISTING, PATHS } from '../../../src/deployment/requests/made-up-requests.ts'
import { deploymentOf } from '../../rules/audit-files.ts'

const MAIN = (lines: string): string => `ServerRoot /etc/apache2
ErrorLog /var/log/apache2/error.log
LoadModule mpm_worker_module /usr/lib/apache2/modules/mod_mpm_worker.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule rewrite_module /usr/lib/apache2/modules/mod_rewrite.so
Listen 8080
<VirtualHost *:8080>
    ServerName Example.org
    DocumentRoot /srv/www
    <Directory /srv/www>
        AllowOverride All
        Require all granted
    </Directory>
    ${lines}
</VirtualHost>
`

test('a virtual host is asked by its name and port, and an answer is kept', () => {
  const deployment = deploymentOf({ 'etc/apache2/apache2.conf': MAIN(''), 'srv/www/index.html': '' })
  const [asked] = askedHosts(deployment)
  assert.ok(asked !== undefined)
  assert.equal(originOf(asked), { scheme: 'http', port: 8080, shown: 'example.org:8080' })
  const answer = askHost(deployment, asked, PATHS.missingPage)
  assert.is(answer, askHost(deployment, asked, PATHS.missingPage))
  assert.is.not(answer, askHost(deployment, asked, PATHS.missingPage, { method: 'POST' }))
  assert.is(answer.end.kind === 'response' && answer.end.status, 404)
})

test('a made-up file is there, below a directory of the audit without a .htaccess too', () => {
  const deployment = deploymentOf({ 'etc/apache2/apache2.conf': MAIN(''), 'srv/www/index.html': '' })
  const [asked] = askedHosts(deployment)
  assert.ok(asked !== undefined)
  const { end } = askHost(deployment, asked, `/css/${EXISTING}.css`)
  assert.is(end.kind === 'file' && end.path, `/srv/www/css/${EXISTING}.css`)
})

test('a file of the document root is in no other directory of which the audit has nothing', () => {
  const rules = 'RewriteEngine On\nRewriteCond %{REQUEST_FILENAME} !-f\nRewriteRule ^ /blog/index.php [L]\n'
  const ends = [{ 'srv/www/index.php': '' }, { 'srv/www/page.html': '' }].map(files => {
    const texts = { 'etc/apache2/apache2.conf': MAIN(''), 'srv/www/.htaccess': rules, ...files }
    const deployment = deploymentOf(texts)
    const [asked] = askedHosts(deployment)
    assert.ok(asked !== undefined)
    return askHost(deployment, asked, PATHS.missingPage).end.kind
  })
  assert.equal(ends, ['response', 'file'])
})

test('the URL of a directory below the document root', () => {
  const deployment = deploymentOf({ 'etc/apache2/apache2.conf': MAIN('') })
  const [asked] = askedHosts(deployment)
  assert.ok(asked !== undefined)
  assert.is(urlOfDirectory(asked, '/srv/www'), '/')
  assert.is(urlOfDirectory(asked, '/srv/www/a/b/'), '/a/b/')
  assert.is(urlOfDirectory(asked, '/srv/other'), null)
})

test.run()
