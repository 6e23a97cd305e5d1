import type { Place } from '../../parsers/text/source.ts'
import type { Deployment } from '../../src/deployment/model.ts'
import { argumentPlace, namePlace } from '../../src/deployment/places.ts'
import { upstreamRelease } from '../../src/deployment/upstream-release.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { NginxConfiguration, NginxDirective } from '../../src/servers/nginx/configuration.ts'
import { effectiveValue, isOn } from '../../src/servers/nginx/queries/effective.ts'
import { sockets } from '../../src/servers/nginx/queries/sockets.ts'
import { metAdvisories, vulnerable } from './_advisories.ts'
import { NGINX_ADVISORIES, type NginxCondition } from './_nginx-advisories.ts'

const compose = (image: string): string => conf`
  services:
    web:
      image: ${image}
      volumes:
        - ./site.conf:/etc/nginx/conf.d/default.conf:ro
`
const site = (lines: string): string => conf`
  server {
      listen 80;
      server_name example.org;
      ${lines}
  }
`
const RESOLVED = conf`
  resolver 127.0.0.11;
  location / {
      set $backend app:8000;
      proxy_pass http://$backend;
  }
`
const FILES = '    root /srv/www;\n'
const database = (version: string): string => conf`
  Package: nginx
  Status: install ok installed
  «Version: 1.20.0»${version}
`

export default defineRule({
  summary: 'nginx has a known vulnerability that the configuration opens',
  severity: 'warning',
  otherSeverities: {
    info: 'where nginx itself calls all of them low, and for what tests or developers alone start',
  },
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [1395],
  since: '0.1.0',
  why: 'The advisory names the release and what of nginx has to be in use, and both are here. It is said of official images with a whole version number and of nginx’s own packages alone: what a distribution ships has patches that its number does not tell.',
  remedy: 'Take a release that has the fix',
  controls: ['CIS nginx 1.2.2'],
  references: ['https://nginx.org/en/security_advisories.html'],
  unproven: 'The tests have the nginx of a distribution, which is patched',
  bad: [
    {
      title: 'the resolver of an image',
      files: { 'docker-compose.yml': compose('«nginx:1.20.0-alpine»'), 'site.conf': site(RESOLVED) },
    },
    {
      title: 'nginx’s own package',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              ${site(RESOLVED)}
          }
        `,
        'var/lib/dpkg/status': database('-1~bullseye'),
      },
    },
    {
      title: 'an image that a Dockerfile stands on',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: .
        `,
        Dockerfile: conf`
          FROM «nginx:1.22.0»
          COPY site.conf /etc/nginx/conf.d/default.conf
        `,
        'site.conf': site(conf`
          location /films/ {
              root /srv;
              mp4;
          }
        `),
      },
    },
    {
      title: 'copies of WebDAV below an alias',
      files: {
        'docker-compose.yml': compose('«nginx:1.29.6»'),
        'site.conf': site(conf`
          location /files/ {
              alias /srv/files/;
              dav_methods PUT DELETE COPY MOVE;
          }
        `),
      },
    },
  ],
  good: [
    {
      title: 'what the advisories of today need more than a directive for',
      files: {
        'docker-compose.yml': compose('nginx:1.29.6'),
        'site.conf': site(conf`
          charset utf-8;
          location /files/ {
              root /srv;
              dav_methods PUT DELETE;
          }
          location /shelf/ {
              alias /srv/books/;
          }
          location /api/ {
              grpc_pass grpc://127.0.0.1:9000;
          }
        `),
      },
    },
    {
      title: 'nothing of it is used',
      files: { 'docker-compose.yml': compose('nginx:1.20.0'), 'site.conf': site(FILES) },
    },
    {
      title: 'a tag that moves on',
      files: { 'docker-compose.yml': compose('nginx:1.20'), 'site.conf': site(RESOLVED) },
    },
    {
      title: 'another’s image, which may be patched',
      files: {
        'docker-compose.yml': compose('registry.example.org/nginx:1.20.0'),
        'site.conf': site(RESOLVED),
      },
    },
    {
      title: 'the package of a distribution',
      files: {
        'etc/nginx/nginx.conf': conf`
          events {
          }
          http {
              ${site(RESOLVED)}
          }
        `,
        'var/lib/dpkg/status': database('-6ubuntu14.4').replace(/[«»]/g, ''),
      },
    },
    {
      title: 'the release that has the fixes of its branch',
      files: {
        'docker-compose.yml': compose('nginx:1.30.5'),
        'site.conf': site(RESOLVED),
      },
    },
    {
      title: 'a Dockerfile that installs another',
      files: {
        'docker-compose.yml': conf`
          services:
            web:
              build: .
        `,
        Dockerfile: conf`
          FROM nginx:1.20.0-alpine
          RUN apk upgrade --no-cache
          COPY site.conf /etc/nginx/conf.d/default.conf
        `,
        'site.conf': site(RESOLVED),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.nginx) {
      const release = upstreamRelease(deployment.programOf(configuration).machine, 'nginx')
      if (release === null) continue
      const met = metAdvisories(NGINX_ADVISORIES, release.version, condition =>
        meets(deployment, configuration, condition),
      )
      const finding = vulnerable('nginx', release, met, deployment)
      if (finding !== null) yield finding
    }
  },
})

/** The line that meets a condition; null where none does for sure. */
function meets(
  deployment: Deployment,
  configuration: NginxConfiguration,
  condition: NginxCondition,
): Place | 'always' | null {
  const lines = (name: string, context = ''): readonly NginxDirective[] =>
    (configuration.occurrences.get(name) ?? []).filter(line => isInContext(line, context))
  const named = (...names: readonly string[]): Place | null => {
    const line = names.flatMap(name => lines(name))[0]
    return line === undefined ? null : namePlace(line)
  }
  const withWord = (pattern: RegExp, context: string, ...names: readonly string[]): Place | null => {
    for (const line of names.flatMap(name => lines(name, context))) {
      const index = line.args.findIndex(({ value }) => pattern.test(value))
      if (index !== -1) return argumentPlace(line, index)
    }
    return null
  }
  const connections = deployment.connections.http.filter(
    ({ server }) => server.configuration === configuration,
  )
  const servers = deployment.servers.filter(server => server.configuration === configuration)
  switch (condition) {
    case 'any':
      return servers.length > 0 ? 'always' : null
    case 'http3':
      return withWord(/^quic$/, 'http', 'listen')
    case 'http2':
      return withWord(/^http2$/, 'http', 'listen') ?? withWord(/^on$/i, 'http', 'http2')
    case 'spdy':
      return withWord(/^spdy$/, 'http', 'listen')
    case 'tls':
      return servers.flatMap(({ listens }) => listens).find(({ tls }) => tls)?.at ?? null
    case 'client-certificates':
      return clientCertificates(configuration)
    case 'mp4':
      return named('mp4')
    case 'dav':
      return withWord(COPIES, 'http', 'dav_methods')
    case 'dav-alias': {
      const aliases = lines('alias').map(({ parent }) => parent)
      const line = lines('dav_methods').find(
        ({ args, parent }) =>
          args.some(({ value }) => COPIES.test(value)) &&
          aliases.some(block => isInside(block, parent) || isInside(parent, block)),
      )
      return line === undefined ? null : namePlace(line)
    }
    case 'charset-map':
      return withWord(/^utf-8$/i, 'http', 'charset_map')
    case 'resolver':
      return asksResolver(configuration) ? named('resolver') : null
    case 'ocsp':
      return withWord(/^(?:on|leaf)$/, 'http', 'ssl_ocsp') ?? withWord(/^(?:on|leaf)$/, 'stream', 'ssl_ocsp')
    case 'proxy':
      return connections[0] === undefined ? null : namePlace(connections[0].pass)
    case 'proxy-tls': {
      const found = connections.find(({ protocol }) => protocol.known && protocol.value === 'https')
      return found === undefined ? null : argumentPlace(found.pass, 0)
    }
    case 'proxy-ssi': {
      const found = connections.find(({ block }) => {
        const ssi = isOn(configuration, block, 'ssi', false)
        const buffering = isOn(configuration, block, 'proxy_buffering', true)
        return ssi.known && ssi.value && buffering.known && !buffering.value
      })
      return found === undefined ? null : namePlace(found.pass)
    }
    case 'proxy-http2-invalid': {
      const isOpen = withWord(/^off$/i, 'http', 'ignore_invalid_headers')
      const isLarge = named('large_client_header_buffers') !== null
      const passes = named('grpc_pass') ?? withWord(/^2(?:\.0)?$/, 'http', 'proxy_http_version')
      return isOpen !== null && isLarge ? passes : null
    }
    case 'uwsgi':
      return named('uwsgi_pass', 'scgi_pass')
    case 'rewrite-captures':
      return captureUsedLater(lines('rewrite', 'http'))
    case 'mail-names':
      // Without a resolver no name of a client is looked up.
      return withWord(/^(?!off$)/i, 'mail', 'resolver') === null ? null : withWord(/./, 'mail', 'auth_http')
    case 'mail-cram':
      return withWord(/^(?:cram-md5|apop)$/, 'mail', 'smtp_auth', 'imap_auth', 'pop3_auth')
    case 'mail-smtp-none':
      return withWord(/^none$/, 'mail', 'smtp_auth')
    case 'mail-starttls':
      return withWord(/^(?:on|only)$/, 'mail', 'starttls')
    case 'stream-ocsp':
      return withWord(/^(?:on|leaf)$/, 'stream', 'ssl_ocsp')
  }
}

/** Methods of WebDAV that have a second path. */
const COPIES = /^(?:copy|move)$/i

/** True of a block that is another one, or stands in it. */
function isInside(block: NginxDirective | null, outer: NginxDirective | null): boolean {
  if (outer === null) return false
  for (let level = block; level !== null; level = level.parent) if (level === outer) return true
  return false
}

/** True where the line stands in that part of nginx; `http` is all that is neither mail nor stream. */
function isInContext({ context }: NginxDirective, part: string): boolean {
  if (part === '') return true
  const own = /^(?:mail|stream)/.exec(context)?.[0] ?? 'http'
  return own === part
}

/** A socket whose default server asks for certificates and that other servers share, with sessions of TLS 1.3. */
function clientCertificates(configuration: NginxConfiguration): Place | null {
  if (!configuration.occurrences.has('ssl_verify_client')) return null
  for (const { ssl, servers, defaultServer } of sockets(configuration)) {
    if (!ssl || servers.length < 2 || !defaultServer.known) continue
    const { server } = defaultServer.value
    const verify = effectiveValue(configuration, server, 'ssl_verify_client', 'off')
    const protocols = effectiveValue(configuration, server, 'ssl_protocols', 'TLSv1.2 TLSv1.3')
    if (!verify.known || verify.value.toLowerCase() === 'off' || verify.at === null) continue
    if (protocols.known && protocols.value.includes('TLSv1.3')) return verify.at
  }
  return null
}

/**
 * A `set` behind a `rewrite` that goes on and whose replacement has a query: a number in it stands for a group of that
 * expression, of which nginx has the wrong length.
 */
function captureUsedLater(rewrites: readonly NginxDirective[]): Place | null {
  for (const rewrite of rewrites) {
    const [, replacement, flag] = rewrite.args
    const text = replacement?.value ?? ''
    if (flag !== undefined || rewrite.parent === null || !/\?./.test(text)) continue
    if (/^(?:https?:\/\/|\$scheme)/.test(text)) continue
    const siblings = rewrite.parent.children
    for (const later of siblings.slice(siblings.indexOf(rewrite) + 1)) {
      if (later.name === 'return' || later.name === 'break' || later.name === 'rewrite') break
      if (later.name === 'set' && /\$\{?[1-9]/.test(later.args[1]?.value ?? ''))
        return argumentPlace(later, 1)
    }
  }
  return null
}

/** True where something asks it while nginx runs: names that are written out are looked up at the start. */
function asksResolver({ occurrences }: NginxConfiguration): boolean {
  for (const [name, lines] of occurrences) {
    if (/_by_lua|^js_|^ssl_(?:stapling|ocsp)$|^(?:mail|smtp_auth|auth_http)$/.test(name)) return true
    if (/_pass$/.test(name) && lines.some(({ args }) => args[0]?.value.includes('$') === true)) return true
    if (
      name === 'server' &&
      lines.some(({ args }) => args.some(({ value }) => /^(?:resolve|service=.*)$/.test(value)))
    )
      return true
  }
  return false
}
