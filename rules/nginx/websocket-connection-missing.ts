import { indentationAt, insertBefore, propose } from '../../src/deployment/edits.ts'
import type { NginxConnection, SentHeader } from '../../src/deployment/model.ts'
import { namePlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { nginxMain, nginxServer } from '../_examples.ts'

const nginx = (lines: string): string =>
  nginxMain(
    nginxServer(conf`
      location /ws/ {
          proxy_pass http://127.0.0.1:9000;
          proxy_http_version 1.1;
          ${lines}
      }
    `),
  )

export default defineRule({
  summary: 'The Upgrade header is sent without `Connection: upgrade`',
  severity: 'error',
  otherSeverities: {
    info: 'where another location of the server does it right, and for the lines of a sample that was long in the documentation of ASP.NET Core',
  },
  confidence: 'high',
  since: '0.1.0',
  why: '`Upgrade` counts only where `Connection` names it. nginx sends a `Connection` of its own, `close` unless told otherwise, so the backend takes the WebSocket handshake for an ordinary request.',
  remedy: 'Write `proxy_set_header Connection "upgrade";` beside it',
  references: ['https://nginx.org/en/docs/http/websocket.html'],
  bad: [
    {
      title: 'Upgrade alone',
      files: { 'etc/nginx/nginx.conf': nginx('«proxy_set_header» Upgrade $http_upgrade;') },
    },
    {
      title: 'another word',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_set_header Connection upgraded;
          «proxy_set_header» Upgrade $http_upgrade;
        `),
      },
    },
    {
      title: 'the sample of ASP.NET Core',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          «proxy_set_header» Upgrade $http_upgrade;
          proxy_set_header Connection keep-alive;
          proxy_cache_bypass $http_upgrade;
        `),
      },
    },
    {
      title: 'cleared for keepalive',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_set_header Connection "";
          «proxy_set_header» Upgrade $http_upgrade;
        `),
      },
    },
  ],
  good: [
    {
      title: 'one of several options',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "keep-alive, Upgrade";
        `),
      },
    },
    {
      title: 'both headers',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
        `),
      },
    },
    {
      title: 'what the client sends, or a map',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection $http_connection;
        `),
      },
    },
    {
      title: 'cleared, and named after it: nginx leaves an empty header out',
      files: {
        'etc/nginx/nginx.conf': nginx(conf`
          proxy_set_header Connection "";
          proxy_set_header Upgrade $http_upgrade;
          proxy_set_header Connection "upgrade";
        `),
      },
    },
    {
      title: 'no Upgrade',
      files: { 'etc/nginx/nginx.conf': nginx('proxy_set_header Connection "";') },
    },
  ],
  *check({ connections }) {
    const switching = new Set(
      connections.http
        .filter(each => upgradeOf(each) !== undefined && names(each))
        .map(({ server }) => server),
    )
    for (const each of connections.http) {
      const { headers, server } = each
      if (headers.open) continue
      const upgrade = upgradeOf(each)
      if (upgrade === undefined || names(each)) continue
      const connection = headers.written.find(({ name }) => name === 'connection')
      const at = namePlace(upgrade.directive)
      yield {
        at,
        message:
          connection === undefined
            ? '`Upgrade` is sent without `Connection: upgrade`, so the backend does not switch to WebSocket'
            : `\`Upgrade\` is sent beside \`Connection: ${connection.value}\`, so the backend does not switch to WebSocket`,
        // The WebSocket has a location of its own, and this line is left over.
        ...((switching.has(server) || isOfAspNet(each, connection)) && { severity: 'info' as const }),
        related:
          connection === undefined
            ? []
            : [{ at: namePlace(connection.directive), message: 'does not name `upgrade`' }],
        ...(connection === undefined
          ? propose('Send Connection: upgrade', 'unsafe', [
              insertBefore(at, `proxy_set_header Connection "upgrade";\n${indentationAt(at)}`),
            ])
          : {}),
      }
    }
  },
})

/** `Connection keep-alive` with a bypass of the cache, as it was to be written for applications of any kind. */
function isOfAspNet({ block }: NginxConnection, connection: SentHeader | undefined): boolean {
  return (
    connection?.value.toLowerCase() === 'keep-alive' &&
    block.children.some(
      ({ name, args }) => name === 'proxy_cache_bypass' && args[0]?.value === '$http_upgrade',
    )
  )
}

function upgradeOf({ headers }: NginxConnection): SentHeader | undefined {
  return headers.written.find(({ name, value }) => name === 'upgrade' && value === '$http_upgrade')
}

/** True where `Connection` names it, or may. */
function names({ headers }: NginxConnection): boolean {
  return headers.written.some(
    ({ name, value }) =>
      name === 'connection' && (value.includes('$') || /(?:^|[\s,])upgrade(?:$|[\s,])/i.test(value)),
  )
}
