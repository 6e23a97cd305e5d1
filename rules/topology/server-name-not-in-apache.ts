import { fallbackHosts } from './_fallback-host.ts'
import { argumentPlace, groupByText, namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'

const nginx = (names: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
    server {
        listen 80;
        server_name ${names};
        location / {
            proxy_pass http://127.0.0.1:9000;
            proxy_set_header Host $host;
        }
    }
    }
  `,
})
const host = (names: string, directory: string): string => conf`
  <VirtualHost 127.0.0.1:9000>
      ServerName ${names}
      DocumentRoot /srv/${directory}
  </VirtualHost>
`
const apache = (hosts: string): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(conf`
    Listen 127.0.0.1:9000
    ${hosts}
  `),
})

export default defineRule({
  summary: 'A name works only because its site is the first of Apache',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'Apache gives a name that nobody has to the first virtual host of the address. Once another file is read before it, by its name in the alphabet for one, that name shows the other site.',
  remedy: 'Add the name to the virtual host that is to answer it: `ServerAlias www.example.org`',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/name-based.html'],
  bad: [
    {
      title: 'the second name of a site',
      files: {
        ...nginx('example.org «www.example.org»'),
        ...apache(host('example.org', 'www') + host('blog.example.org', 'blog')),
      },
    },
  ],
  good: [
    {
      title: 'an alias',
      files: {
        ...nginx('example.org www.example.org'),
        ...apache(
          host('example.org\n    ServerAlias www.example.org', 'www') + host('blog.example.org', 'blog'),
        ),
      },
    },
    {
      title: 'no other site that could answer',
      files: {
        ...nginx('example.org www.example.org'),
        ...apache(host('example.org', 'www')),
      },
    },
    {
      title: 'a site for whatever comes',
      files: {
        ...nginx('example.org www.example.org'),
        ...apache(host('_', 'www') + host('blog.example.org', 'blog')),
      },
    },
  ],
  *check(deployment) {
    const found = fallbackHosts(deployment).filter(
      // Where it is the wrong site already, `host-selects-wrong-vhost` says so.
      ({ meant, isTaken, connection, chosen }) =>
        meant === null &&
        !isTaken &&
        chosen.configuration.main !== null &&
        connection.server.names.some(({ name }) => chosen.names.includes(name)),
    )
    for (const [{ connection, name, chosen }, ...others] of groupByText(
      found,
      each => each.connection.server.directive,
    )) {
      const more = others.length === 0 ? '' : ` (and ${others.length} more)`
      yield {
        at: name.at,
        message: `no virtual host of Apache is called \`${name.name}\`${more}; \`${chosen.names[0]}\` answers because it is the first`,
        label: 'proxied to Apache',
        related: [
          {
            at: chosen.virtualHost.serverName?.at ?? namePlace(chosen.directive),
            message: 'this virtual host answers',
          },
          { at: argumentPlace(connection.pass, 0), message: 'proxied here' },
        ],
      }
    }
  },
})
