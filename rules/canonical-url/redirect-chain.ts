import type { NginxServer, ServerListen } from '../../src/deployment/model.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { repeatedRedirects } from './_repeated-redirects.ts'
import { type RedirectTarget, redirectTarget } from '../../src/deployment/requests/redirect-target.ts'
import { placeText } from '../../parsers/text/source.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { selectServer } from '../../src/servers/nginx/queries/select-server.ts'

const KEYS = '    ssl_certificate /etc/ssl/a.pem;\n    ssl_certificate_key /etc/ssl/a.key;\n'
const server = (lines: string): string => conf`
  server {
      ${lines}
  }
`
const SITE = server(conf`
      listen 443 ssl;
      server_name example.org;
  ${KEYS}    root /srv/www;
`)
const UPGRADE = server(
  conf`
    listen 80;
    server_name example.org;
    return 301 https://example.org$request_uri;
  `,
)
const www = (target: string): string =>
  server(conf`
    listen 80;
    server_name www.example.org;
    return 301 ${target};
  `)

export default defineRule({
  summary: 'A redirect leads to another redirect',
  severity: 'info',
  confidence: 'high',
  since: '0.1.0',
  why: 'Each step costs the client a connection, and a TLS handshake where it changes the name; on a phone that is a second before the page begins to load.',
  remedy: 'Redirect to the last address at once',
  references: ['https://nginx.org/en/docs/http/ngx_http_rewrite_module.html#return'],
  bad: [
    {
      title: 'first the name, then the scheme',
      files: {
        'nginx.conf': `${www('«$scheme://example.org$request_uri»')}${UPGRADE}${SITE}`,
      },
    },
    {
      title: 'an old name, by way of www',
      files: {
        'nginx.conf': `${server(
          conf`
            listen 80;
            server_name example.com;
            return 301 «https://www.example.org$request_uri»;
          `,
        )}${server(conf`
              listen 443 ssl;
              server_name www.example.org;
          ${KEYS}    return 301 https://example.org$request_uri;
        `)}${SITE}`,
      },
    },
  ],
  good: [
    {
      title: 'at once',
      files: { 'nginx.conf': `${www('https://example.org$request_uri')}${UPGRADE}${SITE}` },
    },
    {
      title: 'the same name over TLS first, as preload lists want it',
      files: {
        'nginx.conf': `${www('https://$host$request_uri')}${server(
          conf`
                listen 443 ssl;
                server_name www.example.org;
            ${KEYS}    return 301 https://example.org$request_uri;
          `,
        )}${SITE}`,
      },
    },
    {
      title: 'a name that another machine answers',
      files: { 'nginx.conf': www('https://example.net$request_uri') },
    },
  ],
  *check({ servers }) {
    const byDirective = serverIndex(servers)
    const chains = new Map<NginxServer, Chain>()
    for (const { server, listen } of repeatedRedirects(servers)) {
      const chain = chains.has(server) ? null : chainFrom(server, listen, byDirective)
      if (chain !== null) chains.set(server, chain)
    }
    if (chains.size === 0) return
    for (const start of servers) {
      const { answer } = start
      const chain = chains.get(start)
      if (answer.kind !== 'redirect' || chain === undefined) continue
      const { first, second, then } = chain
      yield {
        at: answer.at,
        message: `this redirect leads to ${written(first)}, which redirects again, to ${written(second)}`,
        label: 'the first of two steps',
        related: then.answer.kind === 'redirect' ? [{ at: then.answer.at, message: 'the second' }] : [],
        ...shorten(placeText(answer.at), answer.at, second),
      }
    }
  },
})

interface Chain {
  readonly first: RedirectTarget
  readonly second: RedirectTarget
  /** The server that redirects again. */
  readonly then: NginxServer
}

type Servers = ReadonlyMap<NginxDirective, NginxServer>

function chainFrom(start: NginxServer, listen: ServerListen, servers: Servers): Chain | null {
  const host = start.names.find(({ exact }) => exact)?.name ?? null
  const first = redirectTarget(start.answer, host, listen.port, listen.tls)
  // The same name over TLS comes first by the rules of browsers' preload lists.
  if (first === null || (first.host === host && first.tls && !listen.tls)) return null
  const selection = selectServer(start.configuration, { port: first.port, host: first.host })
  if (!selection.known || selection.value.name === null) return null
  const then = servers.get(selection.value.server)
  if (then === undefined || then === start || then.answer.kind !== 'redirect') return null
  if (!then.listens.some(({ port, tls }) => port === first.port && tls === first.tls)) return null
  const second = redirectTarget(then.answer, first.host, first.port, first.tls)
  if (second === null || second.host === host) return null
  // A step by way of plain HTTP that somebody wrote down is `canonical-url/redirect-to-plain-http`.
  const isPlain = start.answer.kind === 'redirect' && start.answer.target.startsWith('http://')
  return isPlain && second.tls && second.host === first.host ? null : { first, second, then }
}

function written({ host, port, tls }: RedirectTarget): string {
  const usual = tls ? 443 : 80
  return `\`${tls ? 'https' : 'http'}://${host}${port === usual ? '' : `:${port}`}\``
}

function shorten(text: string, at: Parameters<typeof replacePlace>[0], last: RedirectTarget) {
  const rest = /^(?:https?|\$scheme):\/\/[^/:$]+(\$request_uri)$/.exec(text)?.[1]
  return rest === undefined
    ? {}
    : propose('Redirect to the last address at once', 'unsafe', [
        replacePlace(at, `${written(last).slice(1, -1)}${rest}`),
      ])
}
