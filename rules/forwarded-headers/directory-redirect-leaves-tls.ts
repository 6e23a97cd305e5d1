import { posix } from 'node:path'
import { namePlace } from '../../src/deployment/places.ts'
import { askHost } from '../../src/deployment/requests/ask-host.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { fromBytes } from '../../src/servers/regex.ts'
import { apacheMain, nginxMain, tlsServer } from '../_examples.ts'

const NGINX = nginxMain(
  tlsServer(conf`
    location / {
        proxy_pass http://127.0.0.1:8080;
        proxy_set_header Host $host;
    }
  `),
)
const apache = (name: string): string =>
  apacheMain(
    conf`
      Listen 127.0.0.1:8080
      <Directory /srv/www>
          Require all granted
      </Directory>
      <VirtualHost 127.0.0.1:8080>
          ServerName ${name}
          DocumentRoot /srv/www
      </VirtualHost>
    `,
    ['dir'],
  )

export default defineRule({
  summary: 'The redirect to a directory leaves TLS',
  severity: 'info',
  confidence: 'medium',
  since: '0.1.0',
  why: 'mod_dir redirects `/docs` to `/docs/` with the scheme that Apache sees. Behind a proxy that terminates TLS that is `http://`: the client goes back to plain HTTP once, or to a port that nothing listens on.',
  remedy: 'Write the scheme into the name: `ServerName https://example.org`',
  references: ['https://httpd.apache.org/docs/2.4/mod/core.html#servername'],
  bad: [
    {
      title: 'the name alone',
      files: {
        'etc/nginx/nginx.conf': NGINX,
        'etc/apache2/apache2.conf': apache('«example.org»'),
        'srv/www/docs/index.html': '',
      },
    },
  ],
  good: [
    {
      title: 'the scheme is written',
      files: {
        'etc/nginx/nginx.conf': NGINX,
        'etc/apache2/apache2.conf': apache('https://example.org'),
        'srv/www/docs/index.html': '',
      },
    },
    {
      title: 'no directory to redirect to',
      files: {
        'etc/nginx/nginx.conf': NGINX,
        'etc/apache2/apache2.conf': apache('example.org'),
        'srv/www/index.html': '',
      },
    },
  ],
  *check(deployment) {
    for (const reached of deployment.apacheHosts) {
      const { configuration, virtualHost, directive } = reached
      const over = deployment.connections
        .reaching(reached)
        .find(
          ({ connection, certain }) =>
            certain &&
            connection.server.tls &&
            !connection.server.configuration.occurrences.has('proxy_redirect'),
        )
      const name = directivesIn(configuration, directive, 'servername').at(-1)
      if (over === undefined || name === undefined) continue
      const root = directivesIn(configuration, directive, 'documentroot').at(-1)?.args[0]?.value ?? ''
      const files = deployment.filesOf(configuration)
      const directory = (files.list(root.replace(/(?<=.)\/+$/, '')) ?? []).find(
        ({ name, kind }) => kind === 'directory' && !name.startsWith('.'),
      )
      if (directory === undefined || files.kind(posix.join(root, directory.name)) !== 'directory') continue
      const host = over.connection.server.names.find(({ exact }) => exact)?.name
      if (host === undefined) continue
      const target = `/${encodeURIComponent(directory.name)}`
      const { end } = askHost(deployment, { configuration, host: virtualHost }, target, { name: host })
      if (end.kind !== 'response' || end.location === null) continue
      const location = fromBytes(end.location)
      if (!location.startsWith('http://') || !location.endsWith(`${target}/`)) continue
      yield {
        at: argumentPlace(name, 0),
        message: `\`${target}\` is redirected to \`${location}\`, though the client came over TLS`,
        related: [{ at: namePlace(over.connection.pass), message: 'nginx terminates TLS' }],
      }
    }
  },
})
