import { fallbackHosts } from './_fallback-host.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const nginx = (names: string): string => conf`
  server {
      listen 80;
      server_name ${names};
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host $host;
      }
  }
`
const host = (names: string, directory: string): string => conf`
  <VirtualHost 127.0.0.1:9000>
      ServerName ${names}
      DocumentRoot /srv/${directory}
  </VirtualHost>
`
const LISTEN = conf`Listen 127.0.0.1:9000`

export default defineRule({
  summary: 'A name that nginx sends is answered by another site in Apache',
  severity: 'error',
  otherSeverities: {
    warning: 'where no virtual host has nearly the same name, or the main file is not in the audit',
  },
  confidence: 'high',
  since: '0.1.0',
  why: 'Apache does not refuse an unknown name: the first virtual host of the address answers. A typing error in `ServerName` shows clients the pages of another site, and both configuration checks are content.',
  remedy: 'Give the virtual host the name that nginx sends, as `ServerName` or `ServerAlias`',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/name-based.html'],
  bad: [
    {
      title: 'one letter',
      files: {
        'nginx.conf': nginx('«shop.example.org»'),
        'ports.conf': LISTEN,
        'site.conf': host('blog.example.org', 'blog') + host('shpo.example.org', 'shop'),
      },
    },
    {
      title: 'the name that only nginx knows',
      files: {
        'nginx.conf': nginx('«statistics.example.net»'),
        'ports.conf': LISTEN,
        'site.conf': host('blog.example.org', 'blog') + host('webstat.example.net', 'webstat'),
      },
    },
    {
      title: 'the second name of a site',
      files: {
        'nginx.conf': nginx('shop.example.org «www.shop.example.org»'),
        'ports.conf': LISTEN,
        'site.conf': host('blog.example.org', 'blog') + host('shop.example.org', 'shop'),
      },
    },
  ],
  good: [
    {
      title: 'the same names',
      files: {
        'nginx.conf': nginx('shop.example.org www.shop.example.org'),
        'ports.conf': LISTEN,
        'site.conf':
          host('blog.example.org', 'blog') +
          host('shop.example.org\n    ServerAlias www.shop.example.org', 'shop'),
      },
    },
    {
      title: 'a wildcard takes the name',
      files: {
        'nginx.conf': nginx('shop.example.org'),
        'ports.conf': LISTEN,
        'site.conf':
          host('blog.example.org', 'blog') + host('example.org\n    ServerAlias *.example.org', 'shop'),
      },
    },
    {
      title: 'a site that answers every name on purpose',
      files: {
        'nginx.conf': nginx('shop.example.org'),
        'ports.conf': LISTEN,
        'site.conf': host('_', 'all') + host('blog.example.org', 'blog'),
      },
    },
    {
      title: 'one virtual host for everything',
      files: {
        'nginx.conf': nginx('shop.example.org'),
        'ports.conf': LISTEN,
        'site.conf': host('backend.example.org', 'shop'),
      },
    },
  ],
  *check(deployment) {
    for (const { connection, name, chosen, meant, isByDomain, isTaken } of fallbackHosts(deployment)) {
      if (meant === null && !isTaken) continue
      const isClear = chosen.configuration.main !== null && meant !== null && !isByDomain
      yield {
        at: name.at,
        // Without a name that is nearly the same, one site may answer for the other on purpose.
        severity: isClear ? 'error' : 'warning',
        confidence: isClear ? 'high' : 'medium',
        message: `no virtual host of Apache is called \`${name.name}\`, so the first one, \`${chosen.names[0] ?? chosen.directive.args[0]?.value}\`, answers for it`,
        label: 'nginx proxies this name',
        related: [
          {
            at: chosen.addresses[0]?.at ?? namePlace(chosen.directive),
            message: 'this virtual host answers',
          },
          ...(meant === null
            ? []
            : [
                {
                  at: meant.virtualHost.serverName?.at ?? namePlace(meant.directive),
                  message: connection.server.names.some(each => meant.names.includes(each.name))
                    ? 'this one has another name of the site'
                    : isByDomain
                      ? 'this one has a name of the same domain'
                      : 'this one is nearly called so',
                },
              ]),
          { at: argumentPlace(connection.pass, 0), message: 'proxied here' },
        ],
      }
    }
  },
})
