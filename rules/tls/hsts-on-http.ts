import { argumentPlace, byText } from '../../src/deployment/places.ts'
import { serverIndex } from '../../src/deployment/build/servers.ts'
import { isStrictTransport } from './_strict-transport.ts'
import { groupBy } from '../../parsers/collections/group-by.ts'
import { once } from '../../parsers/collections/once.ts'
import type { Deployment, NginxServer } from '../../src/deployment/model.ts'
import type { NginxConfiguration } from '../../src/servers/nginx/configuration.ts'
import { answersAll, writtenRedirect } from '../../src/servers/nginx/queries/answers-all.ts'
import { directivesIn } from '../../src/servers/apache/queries/directives-in.ts'
import { headerLine } from '../../src/servers/apache/queries/header-tables.ts'
import { sslEngine } from '../../src/servers/apache/queries/server-settings.ts'
import { toldTexts } from '../../src/deployment/setups/told-texts.ts'
import { conf } from '../../src/engine/conf.ts'
import { directPlainListens } from '../../src/deployment/outer-proxies.ts'
import { defineRule } from '../../src/engine/rule.ts'
import { enclosingServer } from '../../src/servers/nginx/queries/servers.ts'

const server = (lines: string): string => conf`
  server {
      ${lines}
      server_name example.org;
  }
`
const HSTS = 'add_header «Strict-Transport-Security» "max-age=31536000" always;'
const KEYS = '    ssl_certificate /srv/tls/a.pem;\n    ssl_certificate_key /srv/tls/a.key;\n'

export default defineRule({
  summary: 'Strict-Transport-Security is sent in plain HTTP, where browsers ignore it',
  severity: 'warning',
  confidence: 'high',
  since: '0.1.0',
  why: 'RFC 6797 tells browsers to disregard the header on a plain connection, as anybody on the line could have written it. The site is not protected by it there.',
  remedy: 'Send the header from the TLS server',
  references: ['https://www.rfc-editor.org/rfc/rfc6797#section-8.1'],
  unproven: 'browsers ignore the header; no request to the servers shows it',
  bad: [
    {
      title: 'in the server that redirects',
      files: {
        'nginx.conf': server(conf`
          listen 80;
          ${HSTS}
          return 301 https://$host$request_uri;
        `),
      },
    },
    {
      title: 'in the virtual host of port 80',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              Header always set «Strict-Transport-Security» "max-age=31536000"
          </VirtualHost>
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine On
              SSLCertificateFile /etc/ssl/example.org.pem
          </VirtualHost>
        `,
      },
    },
  ],
  good: [
    {
      title: 'in both, and in one that a proxy in front may ask',
      files: {
        'site.conf': conf`
          <VirtualHost *:80>
              ServerName example.org
              Redirect permanent / https://example.org/
          </VirtualHost>
          <VirtualHost *:443>
              ServerName example.org
              SSLEngine On
              SSLCertificateFile /etc/ssl/example.org.pem
              Header always set Strict-Transport-Security "max-age=31536000"
          </VirtualHost>
          <VirtualHost *:80>
              ServerName behind.example.org
              Header always set Strict-Transport-Security "max-age=31536000"
          </VirtualHost>
        `,
      },
    },
    {
      title: 'nothing here speaks TLS for this name, and something in front does',
      files: {
        'nginx.conf': server(conf`
          listen 80;
          ${HSTS}
          rewrite ^/$ https://example.org/start redirect;
          root /srv/www;
        `),
      },
    },
    {
      title: 'in the TLS server',
      files: {
        'nginx.conf': server(
          conf`
                listen 443 ssl;
            ${KEYS}    ${HSTS}
                root /srv/www;
          `,
        ),
      },
    },
    {
      title: 'a server on both ports',
      files: {
        'nginx.conf': server(
          conf`
                listen 80;
                listen 443 ssl;
            ${KEYS}    ${HSTS}
                root /srv/www;
          `,
        ),
      },
    },
    {
      title: 'behind a Route of OpenShift that terminates TLS',
      files: {
        'nginx.conf': conf`
          server {
              listen 8080;
              server_name shop.example.org;
              ${HSTS}
              location = /old { return 301 https://shop.example.org/; }
          }
          server {
              listen 8443 ssl;
              server_name shop.example.org;
              ${KEYS}
          }
        `,
        'openshift/shop.yaml': conf`
          apiVersion: route.openshift.io/v1
          kind: Route
          metadata:
            name: shop
          spec:
            to: { kind: Service, name: shop }
            port: { targetPort: 8080 }
            tls:
              termination: edge
              insecureEdgeTerminationPolicy: Redirect
        `,
      },
    },
    {
      title: 'behind a proxy that terminates TLS',
      files: {
        'nginx.conf': conf`
          set_real_ip_from 10.0.0.0/8;
          ${server(conf`
            listen 80;
            ${HSTS}
            root /srv/www;
          `)}
        `,
      },
    },
  ],
  *check(deployment) {
    const { nginx, servers } = deployment
    yield* ofApache(deployment)
    const overTls = once(() => namesOverTls(servers))
    const isBehindCluster = once(() => endsTlsInCluster(deployment))
    for (const { occurrences } of nginx) {
      for (const group of byText((occurrences.get('add_header') ?? []).filter(isStrictTransport))) {
        const [directive] = group
        const byDirective = serverIndex(servers)
        const homes = group.map(each => byDirective.get(enclosingServer(each) ?? each))
        // A snippet, or a line of http, that some TLS server sends as well is right there.
        const open = homes.map(home =>
          home === undefined || home.tls ? undefined : directPlainListens(deployment, home)[0],
        )
        const [listen] = open
        if (listen === undefined || open.includes(undefined)) continue
        if (!homes.some(home => home !== undefined && isServedOverTls(home, overTls()))) continue
        if (isBehindCluster()) continue
        yield {
          at: argumentPlace(directive, 0),
          message: 'nginx sends `Strict-Transport-Security` in plain HTTP, where browsers ignore it',
          related: [{ at: listen.at, message: 'this server speaks plain HTTP alone' }],
        }
      }
    }
  },
})

/** True where a Route of OpenShift, or an Ingress, of the repository terminates TLS in front of its containers. */
function endsTlsInCluster(deployment: Deployment): boolean {
  return toldTexts(deployment).some(
    ({ text }) =>
      (/^[ \t-]*["']?kind["']?:[ \t]*["']?Route\b/m.test(text) &&
        /\btermination["']?:[ \t]*["']?(?:edge|reencrypt)\b/i.test(text)) ||
      (/^[ \t-]*kind:[ \t]*Ingress\b/m.test(text) && /^[ \t]+tls:/m.test(text)),
  )
}

/** True where this nginx speaks TLS for a name of the server, or the server sends its clients there: no proxy does. */
function isServedOverTls({ directive, configuration, names }: NginxServer, overTls: NamesOverTls): boolean {
  const isRedirect = directive.children.some(
    line => answersAll(line) && /^https:/.test(writtenRedirect(line)?.target.value ?? ''),
  )
  return isRedirect || names.some(({ name }) => overTls.get(configuration)?.has(name) === true)
}

type NamesOverTls = ReadonlyMap<NginxConfiguration, ReadonlySet<string>>

function namesOverTls(servers: readonly NginxServer[]): NamesOverTls {
  const secure = groupBy(
    servers.filter(({ tls }) => tls),
    ({ configuration }) => configuration,
  )
  return new Map(
    [...secure].map(([configuration, own]) => [
      configuration,
      new Set(own.flatMap(({ names }) => names.map(({ name }) => name))),
    ]),
  )
}

/** Of a virtual host of port 80, where another one of the same name speaks TLS: no proxy does it in front. */
function* ofApache({ apacheHosts, connections }: Deployment) {
  for (const { configuration, directive, virtualHost, names, addresses } of apacheHosts) {
    if (
      !configuration.occurrences.has('header') ||
      !addresses.every(({ known, port }) => known && port === 80)
    )
      continue
    const line = directivesIn(configuration, directive, 'header')
      .map(headerLine)
      .find(
        each =>
          each !== null &&
          /^(?:set|add)$/.test(each.action) &&
          /^strict-transport-security$/i.test(each.name),
      )
    if (line === undefined || line === null || line.condition !== null) continue
    const engine = sslEngine(configuration, virtualHost)
    if (engine.known && engine.value) continue
    const secure = apacheHosts.find(
      other =>
        other.configuration === configuration &&
        other.names.some(name => names.includes(name)) &&
        directivesIn(configuration, other.directive, 'sslengine').some(({ args }) =>
          /^on$/i.test(args[0]?.value ?? ''),
        ),
    )
    if (secure === undefined || connections.all.some(({ from }) => from.kind === 'nginx')) continue
    yield {
      at: line.nameAt,
      message: 'Apache sends `Strict-Transport-Security` in plain HTTP, where browsers ignore it',
      related: [{ at: secure.at, message: 'this virtual host speaks TLS' }],
    }
  }
}
