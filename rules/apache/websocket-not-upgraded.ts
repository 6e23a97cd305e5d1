import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { insertAfter, propose } from '../../src/deployment/edits.ts'
import { argumentPlace } from '../../src/servers/apache/queries/places.ts'
import { proxyPasses } from '../../src/servers/apache/queries/proxy-passes.ts'
import { placedRules } from '../../src/servers/apache/queries/rewriting.ts'
import { virtualHostSection } from '../../src/servers/apache/queries/virtual-hosts.ts'
import { apacheMain } from '../_examples.ts'

const main = (lines: string): string =>
  apacheMain(
    conf`
      Listen 80
      <VirtualHost *:80>
          ServerName example.org
          ${lines}
          ProxyPass / http://127.0.0.1:8001/
      </VirtualHost>
    `,
    ['proxy', 'proxy_http', 'proxy_wstunnel', 'rewrite'],
  )

export default defineRule({
  summary: 'A path for WebSocket is proxied by HTTP alone',
  severity: 'warning',
  otherSeverities: { info: 'for protocols that go on by long polling, such as Socket.IO' },
  confidence: 'high',
  ofLoneHtaccess: true,
  since: '0.1.0',
  why: 'mod_proxy_http drops `Upgrade` unless it is told to pass it on: the backend sees an ordinary GET, and the browser says `WebSocket connection failed`.',
  remedy:
    'Write `upgrade=websocket` behind the target (2.4.47 and later): `ProxyPass /ws http://127.0.0.1:3000/ws upgrade=websocket`; or proxy the path to `ws://`',
  references: ['https://httpd.apache.org/docs/2.4/mod/mod_proxy.html#wsupgrade'],
  bad: [
    {
      title: 'a path of its own',
      files: {
        'etc/apache2/apache2.conf': main('ProxyPass /ws «http://127.0.0.1:8001/ws»'),
      },
    },
    {
      title: 'Socket.IO',
      files: {
        'etc/apache2/apache2.conf': main('ProxyPass /socket.io/ «http://127.0.0.1:8001/socket.io/»'),
      },
    },
  ],
  good: [
    {
      title: 'upgraded, by either way',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          ProxyPass /ws http://127.0.0.1:8001/ws upgrade=websocket
          ProxyPass /cable ws://127.0.0.1:8001/cable
        `),
      },
    },
    {
      title: 'a rule that takes what is to be upgraded, and paths that only begin so',
      files: {
        'etc/apache2/apache2.conf': main(conf`
          RewriteEngine On
          RewriteCond %{HTTP:Upgrade} =websocket [NC]
          RewriteRule ^/(.*)$ ws://127.0.0.1:8001/$1 [P,L]
          ProxyPass /socket.io/ http://127.0.0.1:8001/socket.io/
        `),
      },
    },
    {
      title: 'a path that only begins so',
      files: { 'etc/apache2/apache2.conf': main('ProxyPass /wsdl http://127.0.0.1:8001/wsdl') },
    },
  ],
  *check({ apache, filesOf }) {
    for (const configuration of apache) {
      const lines = configuration.occurrences.get('proxypass') ?? []
      if (lines.length === 0) continue
      const passes = proxyPasses(configuration).filter(
        ({ path, scheme }) =>
          path !== null && PATH.test(path) && scheme.known && /^https?$/.test(scheme.value),
      )
      if (passes.length === 0) continue
      // Where anything of the host is upgraded, its owner knows how.
      const upgraded = new Set(
        proxyPasses(configuration)
          .filter(({ written, directive }) => /^wss?:/i.test(written) || isUpgraded(directive))
          .map(({ directive }) => virtualHostSection(directive)),
      )
      for (const { directive, output } of placedRules(configuration, filesOf(configuration)))
        if (/^wss?:/i.test(output)) upgraded.add(virtualHostSection(directive))
      for (const { directive, path, at } of passes) {
        if (directive.name !== 'ProxyPass' || isUpgraded(directive)) continue
        const host = virtualHostSection(directive)
        if (upgraded.has(host) || upgraded.has(null)) continue
        const last = argumentPlace(directive, directive.args.length - 1)
        yield {
          at,
          severity: POLLING.test(path ?? '') ? ('info' as const) : ('warning' as const),
          message: `\`Upgrade\` is not passed on, so no WebSocket can be opened below \`${path}\``,
          ...propose('Pass `Upgrade` on', 'unsafe', [insertAfter(last, ' upgrade=websocket')]),
        }
      }
    }
  },
})

function isUpgraded({ args }: { readonly args: readonly { readonly value: string }[] }): boolean {
  return args.some(({ value }) => /^upgrade=/i.test(value))
}

const POLLING = /\/(?:socket\.io|sockjs[\w-]*|signalr)(?:\/|$)/i
const PATH =
  /\/(?:wss?|websockets?|cable|socket\.io|sockjs[\w-]*|signalr|_stcore\/stream|live\/websocket)(?:\/|$)/i
