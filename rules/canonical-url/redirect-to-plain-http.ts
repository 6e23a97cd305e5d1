import type { NginxServer } from '../../src/deployment/model.ts'
import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { placeText } from '../../parsers/text/source.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'

const KEYS = '    ssl_certificate /etc/ssl/a.pem;\n    ssl_certificate_key /etc/ssl/a.key;\n'
const server = (lines: string): string => conf`
  server {
      ${lines}
  }
`
const MAIN =
  server(conf`
    listen 80;
    server_name example.org;
    return 301 https://example.org$request_uri;
  `) +
  server(conf`
        listen 443 ssl;
        server_name example.org;
    ${KEYS}    root /srv/www;
  `)

export default defineRule({
  summary: 'A redirect sends clients to plain HTTP, from where they are sent on to TLS',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 3.7,
  cwe: [319],
  since: '0.1.0',
  why: 'The detour is one more round trip for each client, and its first half is readable and can be answered by anybody on the line.',
  remedy: 'Redirect to `https://` at once',
  references: ['https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Redirections'],
  bad: [
    {
      title: 'www sent to the plain name',
      files: {
        'nginx.conf': `${server(conf`
          listen 80;
          server_name www.example.org;
          return 301 «http://example.org$request_uri»;
        `)}${MAIN}`,
      },
    },
  ],
  good: [
    {
      title: 'to TLS at once',
      files: {
        'nginx.conf': `${server(conf`
          listen 80;
          server_name www.example.org;
          return 301 https://example.org$request_uri;
        `)}${MAIN}`,
      },
    },
    {
      title: 'a site that has no TLS',
      files: {
        'nginx.conf':
          server(
            conf`
              listen 80;
              server_name www.example.org;
              return 301 http://example.org$request_uri;
            `,
          ) +
          server(conf`
            listen 80;
            server_name example.org;
            root /srv/www;
          `),
      },
    },
  ],
  *check({ servers }) {
    if (!servers.some(({ tls }) => tls)) return
    const redirecting = servers.filter(server => plainTarget(server) !== undefined)
    if (redirecting.length === 0) return
    const overTls = new Set<string>()
    const upgraded = new Map<string, NginxServer>()
    for (const server of servers) {
      for (const { name, exact } of server.names) {
        if (!exact) continue
        if (server.tls) overTls.add(name)
        else if (server.answer.kind === 'redirect' && /^https:/.test(server.answer.target))
          upgraded.set(name, server)
      }
    }
    for (const server of redirecting) {
      const { answer, names } = server
      const target = plainTarget(server)
      if (answer.kind !== 'redirect' || target === undefined || !overTls.has(target)) continue
      const second = upgraded.get(target)
      if (second === undefined || names.some(({ name }) => name === target)) continue
      const next = second.answer.kind === 'redirect' ? second.answer.at : null
      yield {
        at: answer.at,
        message: `nginx redirects to \`http://${target}\`, where it redirects again, to https`,
        label: 'plain HTTP first',
        related: next === null ? [] : [{ at: next, message: 'the second redirect' }],
        ...propose('Redirect to https at once', 'safe', [
          replacePlace(answer.at, placeText(answer.at).replace('http://', 'https://')),
        ]),
      }
    }
  },
})

/** The host of a redirect to plain HTTP on its usual port. */
function plainTarget({ answer }: NginxServer): string | undefined {
  if (answer.kind !== 'redirect') return undefined
  return /^http:\/\/([^/:$?]+)(?=[/$?]|$)/.exec(answer.target)?.[1]?.toLowerCase()
}
