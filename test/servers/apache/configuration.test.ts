import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../../parsers/text/source.ts'
import { readsEveryInclude } from '../../../src/servers/apache/configuration.ts'
import { configure } from './queries/configure.ts'

test('an include outside of the audit may define anything, but for that of certbot', () => {
  const including = (path: string) => ({
    ...configure(''),
    unread: [
      { reason: 'outside', path, at: { source: textSource('/s', path), start: 0, end: 1 }, optional: false },
    ] as const,
  })
  assert.is(readsEveryInclude(configure('')), true)
  assert.is(readsEveryInclude(including('/opt/shop/site.conf')), false)
  assert.is(readsEveryInclude(including('/etc/letsencrypt/options-ssl-apache.conf')), true)
  assert.is(readsEveryInclude(including('/opt/my-options-ssl-apache.conf')), false)
})

test.run()
