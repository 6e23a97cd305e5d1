import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { indentationAt, insertBefore, isOwnText, propose } from '../../src/deployment/edits.ts'
import { everywhere } from '../../src/servers/apache/queries/htaccess.ts'
import { namePlace } from '../../src/servers/apache/queries/places.ts'
import { isWhole } from '../../src/servers/apache/queries/set-reach.ts'
import { apacheMain } from '../_examples.ts'

const tree = (lines: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      ServerName example.org
      TypesConfig /etc/mime.types
      DocumentRoot /srv/www
      <Directory /srv/www>
          AllowOverride All
      </Directory>
    `,
    ['expires', 'mime', 'dir'],
  ),
  'srv/www/.htaccess': lines,
})

export default defineRule({
  summary: 'Times of expiry are set, and nothing turns mod_expires on',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: '`ExpiresByType` and `ExpiresDefault` do nothing until `ExpiresActive On` is in force: no `Expires` and no `Cache-Control: max-age` is sent, and browsers ask for every file again.',
  remedy: 'Write `ExpiresActive On` before them',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_expires.html#expiresactive'],
  bad: [
    {
      title: 'in a .htaccess',
      files: tree(conf`
        «ExpiresByType» text/plain "access plus 1 month"
        ExpiresByType image/png "access plus 1 year"
      `),
    },
    {
      title: 'turned off',
      files: tree(conf`
        ExpiresActive Off
        «ExpiresDefault» "access plus 1 month"
      `),
    },
  ],
  good: [
    {
      title: 'turned on',
      files: tree(conf`
        ExpiresActive On
        ExpiresByType text/plain "access plus 1 month"
      `),
    },
    {
      title: 'a fragment: the main file may turn it on',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ExpiresByType text/plain "access plus 1 month"
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      if (!isWhole(configuration)) continue
      const files = filesOf(configuration)
      const times = ['expiresbytype', 'expiresdefault'].flatMap(name =>
        everywhere(configuration, files, name),
      )
      if (times.length === 0) continue
      const switches = everywhere(configuration, files, 'expiresactive')
      // One that is on may be in force where the others are not; what holds where is not asked.
      if (switches.some(({ args }) => args[0]?.value.toLowerCase() !== 'off')) continue
      const [first] = times
      if (first === undefined) continue
      const at = namePlace(first)
      yield {
        at,
        message: `no \`ExpiresActive On\` is set anywhere, so \`${first.name}\` does nothing`,
        ...propose('Turn it on', 'unsafe', [
          switches.length === 0 && isOwnText(first)
            ? insertBefore(at, `ExpiresActive On\n${indentationAt(at)}`)
            : null,
        ]),
      }
    }
  },
})
