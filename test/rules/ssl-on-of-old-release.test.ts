import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rules } from '../../rules/index.generated.ts'
import { conf } from '../../src/engine/conf.ts'
import { auditFiles } from './audit-files.ts'

const SITE = conf`
  server {
      listen 443;
      server_name example.org;
      ssl on;
      ssl_certificate /etc/ssl/a.pem;
      ssl_certificate_key /etc/ssl/a.key;
  }
`

const severityAt = (path: string): string | undefined =>
  auditFiles(
    { [path]: SITE },
    rules.filter(({ id }) => id === 'tls/ssl-on-deprecated'),
  ).findings[0]?.severity

test('what is for an old release of a distribution is never read by the nginx that refuses it', () => {
  assert.is(severityAt('sites/site.conf'), 'warning')
  for (const path of ['install/debian/9/site.conf', 'distros/ubuntu-18.04/site.conf', 'el7/nginx/site.conf'])
    assert.is(severityAt(path), 'info', path)
  for (const path of ['install/debian/13/site.conf', 'debian/site.conf', 'model7/site.conf'])
    assert.is(severityAt(path), 'warning', path)
})

test.run()
