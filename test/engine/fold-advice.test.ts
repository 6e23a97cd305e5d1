import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conf } from '../../src/engine/conf.ts'
import { foldAdvice } from '../../src/engine/fold-advice.ts'
import { loadRules } from '../../tools/load-rules.ts'
import { scratchTree } from '../files/scratch-tree.ts'
import { auditDirectory } from '../rules/audit-directory.ts'

const rules = (await loadRules()).map(({ rule }) => rule)
const SITE = `WSGIDaemonProcess site
<VirtualHost *:80>
ServerName example.org
WSGIScriptAlias / /srv/site/wsgi.py process-group=site
<Directory /srv/site>
Require all granted
</Directory>
</VirtualHost>
`
const MOD_WSGI = ['wsgi/user-missing', 'wsgi/display-name', 'timeouts/wsgi-request-timeout-missing']

async function found(ids: readonly string[]) {
  const tree = scratchTree({ 'apache2/sites-enabled/site.conf': SITE })
  const { findings } = await auditDirectory(
    tree,
    rules.filter(({ id }) => ids.includes(id)),
  )
  return foldAdvice(findings, rules)
}

test('what nearly everybody leaves as it comes is one finding a file', async () => {
  const [finding, ...others] = await found(MOD_WSGI)
  assert.is(others.length, 0)
  assert.is(finding?.severity, 'info')
  assert.match(finding?.message ?? '', /, and 2 more remarks on mod_wsgi$/)
  const said = finding?.related.map(({ message }) => message.replace(/^.*\((.*)\)$/s, '$1')) ?? []
  assert.equal([finding?.rule, ...said].sort(), [...MOD_WSGI].sort())
})

test('what a whole tree has is one finding of it', async () => {
  const old = conf`
    <Directory /srv/www>
        Order allow,deny
        Allow from all
    </Directory>
  `
  const { findings } = await auditDirectory(
    scratchTree({ 'one/a.conf': old, 'two/b.conf': old, 'three/c.conf': old }),
    rules.filter(({ id }) => id === 'apache/legacy-access-control'),
  )
  const folded = foldAdvice(findings, rules)
  assert.is(findings.length, 3)
  assert.is(folded.length, 1)
  assert.match(folded[0]?.message ?? '', /, and 2 more remarks on access control of Apache 2\.2$/)
})

test('one of them stays as it is', async () => {
  const [finding] = await found(['wsgi/user-missing'])
  assert.match(finding?.message ?? '', /^`site` has no `user=`, so it runs as the user of Apache$/)
})

test.run()
