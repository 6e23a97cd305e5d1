import { directivePlace, indentationAt, insertAfter, isOwnText, propose } from '../../src/deployment/edits.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import { type ApacheDirective, readsEveryInclude } from '../../src/servers/apache/configuration.ts'

const LISTS = [
  'remoteipinternalproxy',
  'remoteipinternalproxylist',
  'remoteiptrustedproxy',
  'remoteiptrustedproxylist',
]

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 127.0.0.1:9000
      ServerName example.org
      DocumentRoot /srv/www
      <Directory /srv/www>
          Require ip 203.0.113.7
      </Directory>
      ${lines}
    `,
    ['authz_host', 'remoteip'],
  )

export default defineRule({
  summary: 'Apache takes the client’s address from a header, whoever sends it',
  severity: 'error',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [290, 348],
  since: '0.1.0',
  why: 'Without a list of proxies mod_remoteip believes everybody: whoever reaches Apache, or writes a second address into the header that nginx extends, chooses the address that access rules and logs see.',
  remedy: 'Name the proxy that nginx is: `RemoteIPInternalProxy 127.0.0.1`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_remoteip.html#remoteipinternalproxy'],
  bad: [
    {
      title: 'the header alone',
      files: { 'etc/apache2/apache2.conf': main('RemoteIPHeader «X-Forwarded-For»') },
    },
  ],
  good: [
    {
      title: 'nginx on loopback is the one proxy',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          RemoteIPHeader X-Real-IP
          RemoteIPInternalProxy 127.0.0.1
        `),
      },
    },
    {
      title: 'a list of the main server, the header in the virtual host',
      files: {
        'etc/apache2/apache2.conf': main(
          conf`
            RemoteIPInternalProxy 127.0.0.1
            <VirtualHost *:9000>
                ServerName example.org
                RemoteIPHeader X-Real-IP
            </VirtualHost>
          `,
        ),
      },
    },
    {
      title: 'files that are not here, and may hold the list',
      files: {
        'etc/httpd/conf/httpd.conf': main(conf`
          RemoteIPHeader X-Real-IP
          Include /opt/conf.d/*.conf
        `),
      },
    },
    {
      title: 'a fragment: the list may stand in the main file',
      files: {
        'site.conf': conf`
          <VirtualHost *:9000>
              ServerName example.org
              RemoteIPHeader X-Real-IP
          </VirtualHost>
        `,
      },
    },
  ],
  *check({ apache }) {
    for (const configuration of apache) {
      const { main, occurrences, executed } = configuration
      if (main === null || !readsEveryInclude(configuration)) continue
      const lists = [
        ...LISTS.flatMap(name => occurrences.get(name) ?? []),
        ...(executed ?? []).filter(({ name }) => LISTS.includes(name.toLowerCase())),
      ]
      const homes = new Set(lists.map(virtualHostSection))
      if (homes.has(null)) continue
      for (const directive of occurrences.get('remoteipheader') ?? []) {
        const home = virtualHostSection(directive)
        // A header of the main server holds in the virtual hosts too, and so may their own lists.
        if (home === null ? homes.size > 0 : homes.has(home)) continue
        yield {
          at: argumentPlace(directive, 0),
          message: `Apache takes the client’s address from \`${directive.args[0]?.value}\` of whoever connects, because no proxy is named`,
          label: 'believed from everybody',
          ...trustLoopback(directive),
        }
      }
    }
  },
})

function trustLoopback(directive: ApacheDirective) {
  if (!isOwnText(directive)) return {}
  const line = `\n${indentationAt(namePlace(directive))}RemoteIPInternalProxy 127.0.0.1`
  return propose('Trust the nginx of this machine alone', 'unsafe', [
    insertAfter(directivePlace(directive), line),
  ])
}
