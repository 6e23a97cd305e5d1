import { connectedSocket } from '../../src/deployment/connected-address.ts'
import { listenersOfKind } from '../../src/deployment/programs-of-kind.ts'
import { formatEndpoint } from '../../src/servers/address.ts'
import type { Target } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { once } from '../../parsers/collections/once.ts'
import { isMainServerSite } from '../../src/deployment/main-server-site.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { apacheMain } from '../_examples.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { selectVirtualHost } from '../../src/servers/apache/queries/select-virtual-host.ts'

const main = (lines: string): Record<string, string> => ({
  'etc/nginx/nginx.conf': conf`
    events {
    }
    http {
        server {
            listen 80;
            server_name example.org;
            location / {
                proxy_pass http://127.0.0.1:9000;
                proxy_set_header Host $host;
            }
        }
    }
  `,
  'etc/apache2/apache2.conf': apacheMain(lines, ['alias', 'wsgi']),
})
const HOST = conf`
      ServerName example.org
      DocumentRoot /srv/www
  </VirtualHost>
`

export default defineRule({
  summary: 'nginx connects to a port of Apache that no virtual host answers',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'Where no `<VirtualHost>` has the address of the connection the main server answers, which knows nothing of the site: every page is a 404, or the distribution’s welcome page.',
  remedy: 'Give the virtual host the address and port of the `Listen`',
  references: ['https://httpd.apache.org/docs/2.4/vhosts/details.html'],
  bad: [
    {
      title: 'a virtual host on another port',
      files: main(conf`
        Listen «127.0.0.1:9000»
        Listen 127.0.0.1:9001
        <VirtualHost *:9001>
        ${HOST}
      `),
    },
    {
      title: 'a virtual host of the public address, beside what packages write for all',
      files: main(conf`
        Listen «9000»
        Alias /icons/ "/usr/share/apache2/icons/"
        ScriptAlias /cgi-bin/ /usr/lib/cgi-bin/
        <VirtualHost 198.51.100.20:9000>
        ${HOST}
      `),
    },
  ],
  good: [
    {
      title: 'an alias of the main server',
      files: main(conf`
        Listen 9000
        Alias /files /srv/files
        <VirtualHost 198.51.100.20:9000>
        ${HOST}
      `),
    },
    {
      title: 'a virtual host on the port',
      files: main(conf`
        Listen 127.0.0.1:9000
        <VirtualHost *:9000>
        ${HOST}
      `),
    },
    {
      title: 'a container that publishes the port of its virtual host as another one',
      files: {
        'deploy/site.conf': conf`
          server {
              listen 80;
              server_name example.org;
              location / {
                  proxy_pass http://127.0.0.1:8081;
              }
          }
        `,
        'docker-compose.yml': conf`
          services:
            app:
              build: .
              ports: ["127.0.0.1:8081:80"]
        `,
        Dockerfile: conf`
          FROM php:8.2-apache
          COPY docker/vhost.conf /etc/apache2/sites-available/000-default.conf
        `,
        'docker/vhost.conf': conf`
          <VirtualHost *:80>
              DocumentRoot /var/www/html/public
          </VirtualHost>
        `,
      },
    },
    {
      title: 'a virtual host on every port',
      files: main(conf`
        Listen 127.0.0.1:9000
        <VirtualHost *>
        ${HOST}
      `),
    },
    {
      title: 'the main server is the site',
      files: main(conf`
        Listen 127.0.0.1:9000
        WSGIScriptAlias / /opt/app/wsgi.py
      `),
    },
    {
      title: 'no virtual host anywhere',
      files: main(conf`
        Listen 127.0.0.1:9000
        DocumentRoot /srv/www
      `),
    },
  ],
  *check(deployment) {
    const { connections, virtualHosts, applications } = deployment
    const opened = new Set(listenersOfKind(deployment, 'apache').map(({ port }) => port))
    const withHosts = once(() => new Set(virtualHosts.map(({ configuration }) => configuration)))
    const withApplication = once(
      () =>
        new Set(applications.filter(({ host }) => host === null).map(({ configuration }) => configuration)),
    )
    // A virtual host on a port that nobody opens is the other half of the same slip, and the louder one.
    const misplaced = once(
      () =>
        new Set(
          virtualHosts
            .filter(({ addresses }) => addresses.some(({ port }) => port !== null && !opened.has(port)))
            .map(({ configuration }) => configuration),
        ),
    )
    const answersItself = (configuration: ApacheConfiguration): boolean =>
      withApplication().has(configuration) || isMainServerSite(configuration)
    for (const connection of connections.http) {
      for (const target of connection.targets) {
        const { to } = target
        if (to.kind !== 'listener' || to.listener.kind !== 'apache') continue
        const { listener } = to
        const { configuration } = listener.program
        if (
          configuration.main === null ||
          !fallsToMain(target, configuration) ||
          !withHosts().has(configuration) ||
          misplaced().has(configuration) ||
          answersItself(configuration)
        )
          continue
        yield {
          at: listener.at,
          message: `nginx connects to ${formatEndpoint(target)}, and no virtual host has this address, so Apache’s main server answers`,
          label: 'no virtual host here',
          related: [{ at: argumentPlace(connection.pass, 0), message: 'nginx connects here' }],
        }
      }
    }
  },
})

function fallsToMain(target: Target, configuration: ApacheConfiguration): boolean {
  const { address, port } = connectedSocket(target)
  return (
    port !== null && selectVirtualHost(configuration, { address, port, host: null }).kind === 'main-server'
  )
}
