import { propose, replacePlace } from '../../src/deployment/edits.ts'
import { takesClients } from '../../src/deployment/outer-proxies.ts'
import type { Deployment, NginxConnection } from '../../src/deployment/model.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { clientVariables, decidingVariable } from '../../src/deployment/requests/client-text.ts'
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
    {
      title: 'a cookie, by way of a map that leaves it as it is',
      files: {
        'nginx.conf': [
          conf`
            map $cookie_tenant $tenant_host {
                default example.org;
                ~. $cookie_tenant;
            }
          `,
          site('«$tenant_host»'),
        ].join('\n'),
      },
    },
    { title: 'a header that anybody may send', files: { 'nginx.conf': site('«$http_x_forwarded_host»') } },
  ],
  good: [
    { title: 'the name that was asked for', files: { 'nginx.conf': site('$host') } },
    {
      title:
        'a cookie of which a map takes the names that it knows, and the name that a proxy in front was asked for',
      files: {
        'nginx.conf': [
          conf`
            map $cookie_tenant $tenant_host {
                default example.org;
                "~^(north|south)$" $1.example.org;
            }
            map $http_x_forwarded_host $asked_host {
                default $http_x_forwarded_host;
                "" $host;
            }
          `,
          site('$tenant_host'),
          site('$asked_host'),
        ].join('\n'),
      },
    },
    { title: 'the header of that name', files: { 'nginx.conf': site('$http_host') } },
    {
      title: 'a proxy that is trusted says it',
      files: {
        'nginx.conf': site('$http_x_forwarded_host').replace('listen 80', 'listen 127.0.0.1:8080'),
      },
    },
  ],
  *check(deployment) {
    for (const connection of deployment.connections.http) {
      const { server, headers } = connection
      for (const { name, value, directive } of headers.written) {
        if (name !== 'host') continue
        const source =
          variableNames(value).find(variable => /^(?:arg_|cookie_|http_x_)/.test(variable)) ??
          chosenOnTheWay(deployment, connection, value)
        if (source === null) continue
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

/** What a client writes to be taken for a site of its own. */
const FOREIGN = 'evil.example'

/**
 * The variable of the client’s that a `map`, a `set` or a condition makes the name of: a request that writes a foreign
 * one there is sent with it. What a proxy in front writes down is left out: who reads it by a map expects one.
 */
function chosenOnTheWay(
  deployment: Deployment,
  { server, block }: NginxConnection,
  value: string,
): string | null {
  const variables = clientVariables(server.configuration, block, value).filter(
    variable => !variable.startsWith('http_') || /^http_x_(?!forwarded|original|real)/.test(variable),
  )
  return decidingVariable(deployment, server, block, variables, [FOREIGN], end => {
    const sent = end.kind === 'pass' && end.scope === block ? end.sends : null
    const host = sent?.list.find(({ name }) => name.toLowerCase() === 'host')?.value
    return host?.known === true && host.value === FOREIGN
  })
}
