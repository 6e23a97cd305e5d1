import { memo } from '../../parsers/collections/memo.ts'
import { connectedSocket } from '../../src/deployment/connected-address.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { hostAt } from '../../src/deployment/fronts-of.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { effectiveDirective, serverLevels } from '../../src/servers/apache/queries/effective.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'
import { apacheMain, nginxMain } from '../_examples.ts'

const NGINX = nginxMain(conf`
  server {
      listen 127.0.0.1:8081 default_server;
      server_name _;
      return 403;
  }
  server {
      listen 127.0.0.1:8081;
      server_name example.org;
      root /srv/www;
  }
`)
const tree = (lines: string, nginx = NGINX): Record<string, string> => ({
  'etc/apache2/apache2.conf': apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'headers'],
  ),
  'etc/nginx/nginx.conf': nginx,
})

export default defineRule({
  summary: 'Apache asks nginx for another name than the client did, and another server answers',
  severity: 'error',
  confidence: 'high',
  since: '0.1.0',
  why: 'Without `ProxyPreserveHost On` Apache sends nginx the host of the `ProxyPass` line, `127.0.0.1:8081`. No `server_name` is called so: the default server answers, and the one that has the name of the site gets no request.',
  remedy: 'Write `ProxyPreserveHost On` in the virtual host',
  references: [
    'https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#proxypreservehost',
    'https://nginx.org/en/docs/http/request_processing.html',
  ],
  bad: [{ title: 'the address of nginx', files: tree('ProxyPass / «http://127.0.0.1:8081/»') }],
  good: [
    {
      title: 'the name of the client',
      files: tree(conf`
        ProxyPreserveHost On
        ProxyPass / http://127.0.0.1:8081/
      `),
    },
    {
      title: 'a header of its own',
      files: tree(conf`
        RequestHeader set Host example.org
        ProxyPass / http://127.0.0.1:8081/
      `),
    },
    {
      title: 'one server for all names',
      files: tree(
        'ProxyPass / http://127.0.0.1:8081/',
        nginxMain(conf`
          server {
              listen 127.0.0.1:8081;
              server_name example.org;
              root /srv/www;
          }
        `),
      ),
    },
    {
      title: 'the default server has the name',
      files: tree(
        'ProxyPass / http://127.0.0.1:8081/',
        NGINX.replace(' default_server', '')
          .replace('server_name example.org', 'server_name example.net')
          .replace('server_name _', 'server_name example.org'),
      ),
    },
  ],
  *check(deployment) {
    const { connections } = deployment
    const byDirective = serverIndex(deployment.servers)
    for (const connection of connections.apache) {
      const { from, pass, host: section, protocol } = connection
      const [target, another] = connection.targets
      if (section === null || target === undefined || another !== undefined || !protocol.known) continue
      if (target.to.kind !== 'listener' || target.to.listener.kind !== 'nginx') continue
      if (protocol.value !== 'http' && protocol.value !== 'https') continue
      const host = hostAt(deployment, section)
      const name = host?.virtualHost.serverName
      if (host === null || name?.known !== true) continue
      const levels = serverLevels(host.virtualHost)
      const preserves = effectiveDirective(from.configuration, levels, 'ProxyPreserveHost')
      if (preserves === undefined || preserves?.args[0]?.value.toLowerCase() === 'on') continue
      if (setsHost(from.configuration)) continue
      const { configuration } = target.to.listener.program
      const ask = (text: string) => {
        const selection = selectServer(configuration, { port: connectedSocket(target).port, host: text })
        return selection.known ? selection.value : null
      }
      const [meant, chosen] = [ask(name.value.host), ask(target.written)]
      if (meant?.name == null || chosen?.reason !== 'default' || meant.server === chosen.server) continue
      const server = byDirective.get(chosen.server)
      const own = meant.name.at
      const index = pass.args.findIndex(({ value }) => value.includes(target.written))
      yield {
        at: index < 0 ? target.at : argumentPlace(pass, index),
        message: `nginx is asked for \`${target.written}\`, which no \`server_name\` is, so the default server answers instead of \`${name.value.host}\``,
        label: 'the host that nginx is asked for',
        related: [
          ...(server?.listens[0] === undefined
            ? []
            : [{ at: server.listens[0].at, message: 'this server answers' }]),
          ...(own === null ? [] : [{ at: own, message: 'this one has the name' }]),
        ],
      }
    }
  },
})

const setsHost = memo(({ occurrences }: ApacheConfiguration): boolean =>
  (occurrences.get('requestheader') ?? []).some(({ args }) => /^host:?$/i.test(args[1]?.value ?? '')),
)
