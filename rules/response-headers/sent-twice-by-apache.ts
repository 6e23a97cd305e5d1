import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { headerTable, responseHeaders } from '../../src/servers/apache/queries/header-tables.ts'
import { virtualHosts } from '../../src/servers/apache/queries/virtual-hosts.ts'

const site = (lines: string): string => conf`
  <VirtualHost *:80>
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require all granted
      </Directory>
      ${lines}
  </VirtualHost>
`

export default defineRule({
  summary: 'Header sends one header twice',
  severity: 'warning',
  otherSeverities: { error: 'for `Access-Control-Allow-Origin`, which browsers then refuse' },
  confidence: 'high',
  since: '0.1.0',
  why: '`always` and `onsuccess` are two tables, and a success gets both: the header goes out twice. Browsers join the values: `DENY, DENY` is no value of `X-Frame-Options`, and two `Access-Control-Allow-Origin` are refused.',
  remedy: 'Keep the line with `always`, and take the other one away; set one origin',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_headers.html#header'],
  bad: [
    {
      title: 'both tables',
      files: {
        'site.conf': site(conf`
          Header always set X-Frame-Options DENY
          Header set «X-Frame-Options» DENY
        `),
      },
    },
    {
      title: 'two origins',
      files: {
        'site.conf': site(conf`
          Header set Access-Control-Allow-Origin "https://app.example.org"
          Header add «Access-Control-Allow-Origin» "https://shop.example.org"
        `),
      },
    },
  ],
  good: [
    {
      title: 'origins by conditions',
      files: {
        'site.conf': site(conf`
          Header add Access-Control-Allow-Origin "https://app.example.org" env=app
          Header add Access-Control-Allow-Origin "https://shop.example.org" env=shop
        `),
      },
    },
    {
      title: 'one table',
      files: { 'site.conf': site('Header always set X-Frame-Options DENY') },
    },
    {
      title: 'taken out of the other one',
      files: {
        'site.conf': site(conf`
          Header set X-Frame-Options DENY
          Header onsuccess unset X-Frame-Options
          Header always set X-Frame-Options DENY
          Header always edit Set-Cookie $ ;Secure
          Header edit Set-Cookie $ ;Secure
        `),
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      if (!configuration.occurrences.has('header')) continue
      for (const host of [null, ...virtualHosts(configuration)]) {
        const { lines } = responseHeaders(configuration, serverLevels(host))
        for (const table of ['always', 'onsuccess'] as const) {
          const origin = headerTable(lines, table).get('access-control-allow-origin')
          if (origin === undefined || origin.values.length < 2 || origin.values.includes(null)) continue
          yield {
            at: origin.line.nameAt,
            severity: 'error' as const,
            message: `\`${origin.line.name}\` goes out ${origin.values.length} times, and browsers take one origin alone`,
            help: 'set the one that the client sent, from a list: `SetEnvIf Origin` and `env=`',
          }
        }
        // Most have one table alone.
        if (groupBy(lines, ({ table }) => table).size < 2) continue
        const always = headerTable(lines, 'always')
        for (const [name, { values, line }] of headerTable(lines, 'onsuccess')) {
          const other = always.get(name)
          if (other === undefined || values.length !== 1 || other.values.length !== 1) continue
          if (values[0] === null || other.values[0] === null || name === 'set-cookie') continue
          if (line.action !== 'set' || other.line.action !== 'set') continue
          yield {
            at: line.nameAt,
            message: `\`${line.name}\` goes out twice, for \`always\` sets it too`,
            related: [{ at: other.line.nameAt, message: 'the other table' }],
          }
        }
      }
    }
  },
})
