import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { variableNames } from '../../src/servers/nginx/queries/interpolate.ts'

const site = (value: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      location / {
          proxy_pass http://127.0.0.1:9000;
          proxy_set_header Host ${value};
      }
  }
`

export default defineRule({
  summary: 'The client chooses the `Host` that the backend gets, whatever name it asks nginx for',
  severity: 'error',
  otherSeverities: {
    warning:
      'for `X-Forwarded-Host` where the server speaks plain HTTP, and a proxy in front may overwrite it',
  },
  confidence: 'high',
  securitySeverity: 7.3,
  cwe: [348],
  since: '0.1.0',
  why: 'An argument, a cookie or a header of the request becomes the name of the site: links in mails, redirects and cached pages lead to where the client wants.',
  remedy: 'Send `$host`',
  references: ['https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_set_header'],
  bad: [
    { title: 'an argument', files: { 'nginx.conf': site('«$arg_host»') } },
    { title: 'a header that anybody may send', files: { 'nginx.conf': site('«$http_x_forwarded_host»') } },
  ],
  good: [
    { title: 'the name that was asked for', files: { 'nginx.conf': site('$host') } },
    { title: 'the header of that name', files: { 'nginx.conf': site('$http_host') } },
    {
      title: 'a proxy that is trusted says it',
      files: {
        'nginx.conf': site('$http_x_forwarded_host').replace('listen 80', 'listen 127.0.0.1:8080'),
      },
    },
  ],
  *check(deployment) {
    for (const { server, headers } of deployment.connections.http) {
      for (const { name, value, directive } of headers.written) {
        if (name !== 'host') continue
        const source = variableNames(value).find(variable => /^(?:arg_|cookie_|http_x_)/.test(variable))
        if (source === undefined) continue
        // Where proxies alone connect, they say it.
        if (source.startsWith('http_') && !takesClients(deployment, server)) continue
        const at = argumentPlace(directive, 1)
        // Whoever terminates TLS in front of it may overwrite the header, or pass on what the client wrote.
        const mayBeBehind = source === 'http_x_forwarded_host' && server.listens.every(({ tls }) => !tls)
        yield {
          at,
          ...(mayBeBehind && { severity: 'warning' as const, confidence: 'medium' as const }),
          message: `\`$${source}\` is what the client writes, and becomes the \`Host\` of the backend${mayBeBehind ? ', unless a proxy in front overwrites it' : ''}`,
          label: 'chosen by the client',
          ...propose('Send the name that was asked for', 'unsafe', [replacePlace(at, '$host')]),
        }
      }
    }
  },
})
