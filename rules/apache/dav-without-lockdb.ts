import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { isReplaced } from '../../src/servers/apache/queries/directives-in.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const site = (main: string, on: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      DocumentRoot /srv/www
      ${main}
      <Directory /srv/www>
          Dav ${on}
          Require all granted
      </Directory>
    `,
    ['dav', 'dav_fs', 'dir'],
  ),
  'srv/www/page.txt': 'page',
  'srv/locks/': '',
})

export default defineRule({
  summary: 'WebDAV without a database of locks',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Explorer, Finder and office programs lock a file before they write it. Without `DavLockDB` mod_dav_fs answers `LOCK` with 500, and the client says that the disk is read-only. `configtest` says nothing.',
  remedy: 'Write `DavLockDB /var/lib/apache2/DAVLock` in the main server, where httpd may write',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_dav_fs.html#davlockdb'],
  bad: [{ title: 'Dav On', files: site('', '«On»') }],
  good: [
    { title: 'a database', modes: { 'srv/locks': 0o777 }, files: site('DavLockDB /srv/locks/DAVLock', 'On') },
    { title: 'Dav Off', files: site('', 'Off') },
    { title: 'taken back by a later line', files: site('', 'On\n              Dav Off') },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const files = filesOf(configuration)
      const on = everywhere(configuration, files, 'dav').filter(
        line => /^(?:on|filesystem)$/i.test(line.args[0]?.value ?? '') && !isReplaced(configuration, line),
      )
      if (on.length === 0 || !isWhole(configuration)) continue
      if (![...configuration.modules.values()].some(({ id }) => id === 'dav_fs_module')) continue
      // Another module may keep the locks of its own provider; this one asks for the line alone.
      if (
        ['davlockdb', 'davgenericlockdb', 'davlockdbtype'].some(name => configuration.occurrences.has(name))
      )
        continue
      for (const line of on)
        yield {
          at: argumentPlace(line, 0),
          message: 'no `DavLockDB` is set anywhere, so `LOCK` is answered with 500 and clients cannot write',
        }
    }
  },
})
